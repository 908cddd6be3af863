import { isUtf8 } from 'node:buffer';
import { DomainError } from '../domain/errors.js';
import type { Metadata } from '../domain/model.js';
import { compareUtf8 } from '../shared/bytes.js';

/**
 * Reads a JSON object of the user's as pairs, sorted by key. Every key is kept: `__proto__` and
 * `constructor` are text like any other, so nothing here is looked up in an object by its name.
 *
 * @throws DomainError invalid  no object, or a value that is no string; names it
 */
export function metadataOf(value: unknown, field: string): Metadata {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new DomainError('invalid', { field, reason: 'must be an object' });
  }
  const pairs = Object.entries(value).map(([key, text]: [string, unknown]) => {
    if (typeof text !== 'string') {
      throw new DomainError('invalid', { field: `${field}.${key}`, reason: 'must be a string' });
    }
    if (!key.isWellFormed() || !text.isWellFormed()) {
      const reason = 'is not valid Unicode';
      throw new DomainError('invalid', { field: `${field}.${key.toWellFormed()}`, reason });
    }
    return [key, text] as const;
  });
  return pairs.length > 1 ? pairs.sort(([left], [right]) => compareUtf8(left, right)) : pairs;
}

/**
 * Reads the user's metadata from an upload's headers: `x-lakefs-meta-<k>` is key `<k>` in lower
 * case, `x-lakefs-internal-<k>` is `::lakefs::<k>`. Of a repeated header the first counts.
 *
 * @param rawHeaders  name, value, name, value … as Node read them
 */
export function metadataOfHeaders(rawHeaders: readonly string[]): Metadata {
  const found = new Map<string, string>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    // Most headers are none of ours: look at one letter before all of it.
    if (name.charCodeAt(0) !== 0x78 && name.charCodeAt(0) !== 0x58) continue;
    const key = keyOf(name.toLowerCase());
    if (key !== undefined && !found.has(key)) found.set(key, headerText(rawHeaders[at + 1] ?? ''));
  }
  return [...found].sort(([left], [right]) => compareUtf8(left, right));
}

/** Returns metadata as a JSON object, every key its own property. */
export function metadataJson(metadata: Metadata): Readonly<Record<string, string>> {
  return Object.fromEntries(metadata);
}

function keyOf(name: string): string | undefined {
  if (name.startsWith(META_PREFIX)) return name.slice(META_PREFIX.length);
  if (name.startsWith(INTERNAL_PREFIX)) return `::lakefs::${name.slice(INTERNAL_PREFIX.length)}`;
  return undefined;
}

/** Node reads each byte of a header as one character; most clients mean UTF-8. */
function headerText(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
}

const META_PREFIX = 'x-lakefs-meta-';
const INTERNAL_PREFIX = 'x-lakefs-internal-';
