import { DomainError } from '../domain/errors.js';
import { ALL_OPERATIONS, API_PREFIX } from './operations.js';

/**
 * Returns what is wrong with a URL that is no endpoint only because a name in it is empty:
 * `/repositories//branches`. Of an empty name at the end nothing is known.
 */
export function emptyParameter(method: string, url: string): DomainError | undefined {
  const [path = ''] = url.split('?', 1);
  const names = path.slice(API_PREFIX.length).split('/');
  if (!names.slice(1, -1).includes('') || names.at(-1) === '') return undefined;
  for (const operation of ALL_OPERATIONS) {
    if (operation.method !== method) continue;
    const field = emptyFieldOf(operation.path.split('/'), names);
    if (field === undefined) continue;
    return new DomainError('invalid', { field, reason: 'value is required but missing' });
  }
  return undefined;
}

/** Returns the first parameter that is empty, when everything else is as the template has it. */
function emptyFieldOf(template: readonly string[], names: readonly string[]): string | undefined {
  if (template.length !== names.length) return undefined;
  let empty: string | undefined;
  for (const [at, part] of template.entries()) {
    const name = names[at];
    if (!part.startsWith('{')) {
      if (part !== name) return undefined;
    } else if (name === '') empty ??= part.slice(1, -1);
  }
  return empty;
}
