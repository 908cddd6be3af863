import { DomainError } from '../errors.js';
import { parseAsOf, parsePlainAsOf, type AsOf } from './as-of.js';

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
  /** Left out: the base as it is now. */
  readonly asOf?: AsOf;
  /** Of `main.at.…`: the whole, which a tag of that very name goes before. */
  readonly plainName?: string;
}

/** Steps of one expression; a longer one is no ref. */
const MODIFIERS_MAX = 100;

const MODIFIER = /([~^])(\d*)|([@$])/y;
/** Braces; lakectl escapes them twice, so that an escape is left of them. No ref holds one. */
const BRACE_BEGIN = /@(?:\{|%7b)/iy;
const BRACE_END = /\}|%7d/gi;
/** What stands before a moment that has no braces: no branch's name holds a dot. */
const PLAIN = '.at.';

/**
 * Reads a ref expression: a base, perhaps as of a moment, then `~N`, `^N`, or one lone `@` or `$`.
 *
 * @throws DomainError  ref_invalid; moment_invalid: what stands in `@{…}` is no moment
 *
 * Source: lakeFS's ref grammar, as its API serves it; git's `@{…}`.
 */
export function parseRef(text: string): ParsedRef {
  const at = text.search(/[~^@$]/);
  const base = at < 0 ? text : text.slice(0, at);
  if (base === '' || /\s/.test(text)) throw new DomainError('ref_invalid', { ref: text });
  BRACE_BEGIN.lastIndex = Math.max(at, 0);
  const begin = BRACE_BEGIN.exec(text);
  if (begin) return parsePast(text, begin);
  const plain = plainAsOf(base);
  return { base, ...plain, modifiers: at < 0 ? [] : modifiersOf(text, at) };
}

/** @param begin  where `@{` stands, and what stands there */
function parsePast(text: string, begin: RegExpExecArray): ParsedRef {
  const from = begin.index + begin[0].length;
  BRACE_END.lastIndex = from;
  const end = BRACE_END.exec(text);
  if (!end) throw new DomainError('ref_invalid', { ref: text });
  const asOf = parseAsOf(text.slice(from, end.index));
  if (asOf === undefined) throw new DomainError('moment_invalid', { ref: text });
  return {
    base: text.slice(0, begin.index),
    asOf,
    modifiers: modifiersOf(text, BRACE_END.lastIndex),
  };
}

function plainAsOf(name: string): Pick<ParsedRef, 'base' | 'asOf' | 'plainName'> | undefined {
  const at = name.lastIndexOf(PLAIN);
  const asOf = at > 0 ? parsePlainAsOf(name.slice(at + PLAIN.length)) : undefined;
  return asOf && { base: name.slice(0, at), asOf, plainName: name };
}

function modifiersOf(text: string, from: number): readonly RefModifier[] {
  const modifiers: RefModifier[] = [];
  MODIFIER.lastIndex = from;
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
  return modifiers;
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
