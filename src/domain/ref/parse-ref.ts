import { DomainError } from '../errors.js';

/** One step of a ref expression, from left to right. */
export type RefModifier =
  /** So many first parents up. */
  | { readonly kind: 'ancestor'; readonly count: number }
  /** The nth parent; 0 is the commit itself. */
  | { readonly kind: 'parent'; readonly number: number }
  /** Of a branch: what is committed, only. */
  | { readonly kind: 'committed' }
  /** Of a branch: what is staged, only. */
  | { readonly kind: 'staged' };

export interface ParsedRef {
  readonly base: string;
  readonly modifiers: readonly RefModifier[];
}

/** Steps of one expression; a longer one is no ref. */
const MODIFIERS_MAX = 100;

const MODIFIER = /([~^])(\d*)|([@$])/y;

/**
 * Reads a ref expression: a base, then `~N`, `^N`, or one lone `@` or `$`.
 *
 * @throws DomainError ref_invalid
 *
 * Source: lakeFS's ref grammar, as its API serves it.
 */
export function parseRef(text: string): ParsedRef {
  const at = text.search(/[~^@$]/);
  const base = at < 0 ? text : text.slice(0, at);
  if (base === '' || /\s/.test(text)) throw new DomainError('ref_invalid', { ref: text });
  if (at < 0) return { base, modifiers: [] };

  const modifiers: RefModifier[] = [];
  MODIFIER.lastIndex = at;
  while (MODIFIER.lastIndex < text.length) {
    const match = MODIFIER.exec(text);
    if (!match || modifiers.length === MODIFIERS_MAX) {
      throw new DomainError('ref_invalid', { ref: text });
    }
    modifiers.push(modifierOf(match, text));
  }
  const isAlone = modifiers.length === 1;
  const needsToBe = modifiers.some(({ kind }) => kind === 'committed' || kind === 'staged');
  if (needsToBe && !isAlone) throw new DomainError('ref_invalid', { ref: text });
  return { base, modifiers };
}

function modifierOf([, step, digits, mark]: RegExpExecArray, text: string): RefModifier {
  if (mark === '@') return { kind: 'committed' };
  if (mark === '$') return { kind: 'staged' };
  const number = digits ? Number(digits) : 1;
  if (!Number.isSafeInteger(number)) throw new DomainError('ref_invalid', { ref: text });
  return step === '~' ? { kind: 'ancestor', count: number } : { kind: 'parent', number };
}

/** Returns whether a base can only be a whole commit id. */
export const isCommitId = (base: string): boolean => /^[0-9a-f]{64}$/.test(base);

/** Returns whether a base may be the beginning of a commit id. */
export const isCommitPrefix = (base: string): boolean => /^[0-9a-f]{1,64}$/.test(base);
