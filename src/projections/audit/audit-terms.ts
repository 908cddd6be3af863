/**
 * Words by which a summary of events is asked whether it may hold what somebody looks for: hashed,
 * and kept as bits of a Bloom filter.
 *
 * A path is in it whole and by each folder above it, down to {@link FOLDERS_MAX}. An operation on
 * all that begins with a prefix is in it by the folder of the prefix, as a reach; and by the
 * folders above that, since whoever asks for a folder wants what happened below it.
 *
 * Source: docs/formats/audit-index.md.
 */
import type { AuditRecord } from './audit-record.js';

/** 2 to some power. At 3 words an event this is 20 bits each. */
export const FILTER_BITS = 16_384;
export const FILTER_BYTES = FILTER_BITS / 8;
const BITS_PER_WORD = 7;
/** Folders above a path that are words of their own. */
export const FOLDERS_MAX = 24;

/** Two halves of a hash; the bits of a word follow from them. */
export interface Word {
  readonly first: number;
  readonly second: number;
}

/** One of these has to be there. */
export type Clause = readonly Word[];

type Kind =
  | 'branch'
  | 'caller'
  | 'command'
  | 'commit'
  | 'folder'
  | 'operation'
  | 'path'
  | 'reach'
  | 'repository'
  | 'request'
  | 'type';

const kinds: Readonly<Record<Kind, number>> = {
  branch: 1,
  caller: 2,
  command: 3,
  commit: 4,
  folder: 5,
  operation: 6,
  path: 7,
  reach: 8,
  repository: 9,
  request: 10,
  type: 11,
};

export const wordOf = (kind: Kind, text: string): Word => hash(kinds[kind], text, text.length);

/** Returns the bits of a word: places in a filter. */
export function bitsOf({ first, second }: Word): number[] {
  const bits: number[] = [];
  for (let at = 0; at < BITS_PER_WORD; at++) {
    bits.push((first + Math.imul(at, second | 1)) & (FILTER_BITS - 1));
  }
  return bits;
}

export function addWord(filter: Uint8Array, { first, second }: Word): void {
  const by = second | 1;
  for (let at = 0, sum = first; at < BITS_PER_WORD; at++, sum = (sum + by) | 0) {
    const bit = sum & (FILTER_BITS - 1);
    filter[bit >>> 3] = (filter[bit >>> 3] ?? 0) | (1 << (bit & 7));
  }
}

export const hasWord = (filter: Uint8Array, word: Word): boolean =>
  bitsOf(word).every((bit) => ((filter[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0);

/** Adds every word of a record to a filter. */
export function addRecord(filter: Uint8Array, record: AuditRecord): void {
  const add = (kind: Kind, text: string | undefined): void => {
    if (text !== undefined && text !== '') addWord(filter, wordOf(kind, text));
  };
  add('caller', record.caller);
  add('type', record.type);
  add('operation', record.operation);
  add('request', record.requestId);
  add('command', record.commandId);
  add('repository', record.repository?.uid);
  add('branch', record.branch);
  add('commit', record.commitId);
  for (const path of record.paths ?? []) {
    add('path', path);
    for (const end of folderEnds(path)) addWord(filter, hash(kinds.folder, path, end));
  }
  for (const prefix of record.prefixes ?? []) {
    const ends = folderEnds(prefix);
    addWord(filter, hash(kinds.reach, prefix, ends.at(-1) ?? 0));
    for (const end of ends) addWord(filter, hash(kinds.folder, prefix, end));
  }
}

/** Returns what a summary must have of whoever changed the object of a path. */
export function clauseOfPath(path: string): Clause {
  return [wordOf('path', path), ...reachesOver(path)];
}

/** The same of any object whose path begins so. */
export function clauseOfPrefix(prefix: string): Clause {
  const end = folderEnds(prefix).at(-1) ?? 0;
  return [hash(kinds.folder, prefix, end), ...reachesOver(prefix)];
}

const reachesOver = (path: string): Word[] =>
  folderEnds(path).map((end) => hash(kinds.reach, path, end));

/** Returns where the folders above a path end: behind each slash, and at 0. */
function folderEnds(path: string): number[] {
  const ends = [0];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
    if (ends.length > FOLDERS_MAX) break;
    ends.push(at + 1);
  }
  return ends;
}

/** Two multiplicative hashes side by side, mixed at the end; of the first characters of a text. */
function hash(kind: number, text: string, end: number): Word {
  let first = 0xdeadbeef ^ kind;
  let second = 0x41c6ce57 ^ kind;
  for (let at = 0; at < end; at++) {
    const code = text.charCodeAt(at);
    first = Math.imul(first ^ code, 2_654_435_761);
    second = Math.imul(second ^ code, 1_597_334_677);
  }
  const left = Math.imul(first ^ (first >>> 16), 2_246_822_507);
  const right = Math.imul(second ^ (second >>> 13), 3_266_489_909);
  return {
    first: left ^ (left >>> 15) ^ right,
    second: right ^ (right >>> 16) ^ Math.imul(left, 2_246_822_519),
  };
}
