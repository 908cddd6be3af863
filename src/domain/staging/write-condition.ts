import { DomainError } from '../errors.js';
import type { ObjectEntry } from '../model.js';

/** What a path must be for a write to it to be accepted. */
export type WriteCondition =
  | { readonly kind: 'absent' }
  | { readonly kind: 'present' }
  /** It has one of these checksums. */
  | { readonly kind: 'checksum'; readonly anyOf: readonly string[] };

/**
 * Refuses a write to a path that is not as its writer wants it.
 *
 * @param current  what the branch shows at the path; undefined: nothing
 * @throws DomainError  path_exists, precondition_failed
 */
export function assertHolds(condition: WriteCondition, current: ObjectEntry | undefined): void {
  if (condition.kind === 'absent') {
    if (current) throw new DomainError('path_exists');
    return;
  }
  const isMet =
    current !== undefined &&
    (condition.kind === 'present' || condition.anyOf.includes(current.checksum));
  if (!isMet) throw new DomainError('precondition_failed');
}
