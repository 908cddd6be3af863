import { epochMsOf } from '../../shared/date-time.js';

/** A moment in the history of a branch or a tag. */
export type AsOf =
  /** With everything that was said not later than this. */
  | { readonly kind: 'time'; readonly atMs: number }
  /** Right behind the event at this position of the log, whoever's it is. */
  | { readonly kind: 'position'; readonly position: number }
  /** Right behind the event of this revision of its own stream. */
  | { readonly kind: 'revision'; readonly revision: number }
  /** Right before the head moved the last time, the last but one, …; 0: now. */
  | { readonly kind: 'moves'; readonly count: number };

/**
 * Reads what stands in the braces of `main@{…}`: `2026-11-21T18:00:00.250Z`, `p1234`, `r17`, `2`.
 *
 * @returns undefined  of anything else
 */
export function parseAsOf(text: string): AsOf | undefined {
  return parsePlace(text) ?? timeOf(text);
}

/**
 * Reads the same as `main.at.…` has it, for clients that let no brace and no colon through: a time
 * is `20261121T180000.250Z` then.
 */
export function parsePlainAsOf(text: string): AsOf | undefined {
  const [, year, month, day, hour, minute, second] = plainTime.exec(text) ?? [];
  if (year === undefined) return parsePlace(text);
  return timeOf(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function parsePlace(text: string): AsOf | undefined {
  const [, kind, digits] = place.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const number = Number(digits);
  if (kind === 'p') return { kind: 'position', position: number };
  return kind === 'r' ? { kind: 'revision', revision: number } : { kind: 'moves', count: number };
}

function timeOf(text: string): AsOf | undefined {
  const atMs = epochMsOf(text);
  return atMs === undefined ? undefined : { kind: 'time', atMs };
}

/** Fifteen digits are a whole number to every reader. */
const place = /^([pr]?)(\d{1,15})$/;
const plainTime = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d(?:\.\d+)?)Z$/;
