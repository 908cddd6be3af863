/**
 * What stands in the store of the audit's index.
 *
 * A leaf sums up {@link LEAF_EVENTS} events that follow each other in the log: where they are, when
 * they were written, and a filter of their words. {@link GROUP_LEAVES} leaves make a group, which
 * has the same bits the other way round: for each place in a filter one bit a leaf. So whoever
 * looks for a word reads the few rows of its bits, and not every filter.
 *
 * Both are pure functions of the log, and are written once. Source: docs/formats/audit-index.md.
 */
import { assert } from '../../shared/assert.js';
import type { AuditRecord } from './audit-record.js';
import {
  addRecord,
  bitsOf,
  FILTER_BITS,
  FILTER_BYTES,
  hasWord,
  type Clause,
} from './audit-terms.js';

export const LEAF_EVENTS = 250;
export const GROUP_LEAVES = 256;

/** How much is summed up at once; tests have less of it. */
export interface AuditSizes {
  readonly leafEvents: number;
  /** At most {@link GROUP_LEAVES}. */
  readonly groupLeaves: number;
}
export const AUDIT_SIZES: AuditSizes = { leafEvents: LEAF_EVENTS, groupLeaves: GROUP_LEAVES };

/** Which events: those behind `after`, up to and with `until`. */
export interface Span {
  readonly after: number;
  readonly until: number;
  /** The earliest and the latest time on them; clocks of nodes differ, so neither is an end's. */
  readonly minAtMs: number;
  readonly maxAtMs: number;
}

export interface Leaf extends Span {
  readonly filter: Uint8Array;
}

const SPAN_BYTES = 32;
const BITS_PER_ROW = GROUP_LEAVES / 8;
/** Places of a filter whose rows stand in one value. */
const ROWS_PER_CHUNK = 64;
const CHUNK_BYTES = ROWS_PER_CHUNK * BITS_PER_ROW;
export const CHUNKS = FILTER_BITS / ROWS_PER_CHUNK;

/** Returns the summary of the records of a leaf's events. @param after  the last leaf's `until` */
export function leafOf(after: number, records: readonly AuditRecord[]): Leaf {
  const filter = new Uint8Array(FILTER_BYTES);
  let [minAtMs, maxAtMs] = [Infinity, -Infinity];
  for (const record of records) {
    addRecord(filter, record);
    minAtMs = Math.min(minAtMs, record.atMs);
    maxAtMs = Math.max(maxAtMs, record.atMs);
  }
  const until = records.at(-1)?.position;
  assert(until !== undefined, 'a leaf has events');
  return { after, until, minAtMs, maxAtMs, filter };
}

export function encodeLeaf(leaf: Leaf): Uint8Array {
  const bytes = new Uint8Array(SPAN_BYTES + FILTER_BYTES);
  bytes.set(encodeSpan(leaf));
  bytes.set(leaf.filter, SPAN_BYTES);
  return bytes;
}

export function decodeLeaf(bytes: Uint8Array): Leaf {
  return { ...decodeSpan(bytes), filter: bytes.subarray(SPAN_BYTES) };
}

export function encodeSpan({ after, until, minAtMs, maxAtMs }: Span): Uint8Array {
  const view = new DataView(new ArrayBuffer(SPAN_BYTES));
  for (const [at, number] of [after, until, minAtMs, maxAtMs].entries()) {
    view.setFloat64(8 * at, number);
  }
  return new Uint8Array(view.buffer);
}

/** Returns the spans of a group's leaves. */
export const decodeSpans = (bytes: Uint8Array): Span[] =>
  Array.from({ length: bytes.length / SPAN_BYTES }, (_, at) => decodeSpan(bytes, at));

/** @param at  which of several that stand one after the other */
export function decodeSpan(bytes: Uint8Array, at = 0): Span {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at * SPAN_BYTES, SPAN_BYTES);
  return {
    after: view.getFloat64(0),
    until: view.getFloat64(8),
    minAtMs: view.getFloat64(16),
    maxAtMs: view.getFloat64(24),
  };
}

/** The rows of a group: spans of its leaves, and its bits in chunks. */
export interface Group {
  readonly span: Span;
  readonly spans: Uint8Array;
  readonly chunks: readonly Uint8Array[];
}

/** @param leaves  at most {@link GROUP_LEAVES} */
export function groupOf(leaves: readonly Leaf[]): Group {
  assert(leaves.length > 0 && leaves.length <= GROUP_LEAVES, 'a group is not too large');
  const bits = new Uint8Array(FILTER_BITS * BITS_PER_ROW);
  const spans = new Uint8Array(leaves.length * SPAN_BYTES);
  for (const [at, leaf] of leaves.entries()) {
    spans.set(encodeSpan(leaf), at * SPAN_BYTES);
    setColumn(bits, leaf.filter, at);
  }
  const chunks = Array.from({ length: CHUNKS }, (_, at) =>
    bits.slice(at * CHUNK_BYTES, (at + 1) * CHUNK_BYTES),
  );
  return { span: spanOver(leaves), spans, chunks };
}

function setColumn(bits: Uint8Array, filter: Uint8Array, leaf: number): void {
  const [byte, mask] = [leaf >>> 3, 1 << (leaf & 7)];
  for (let at = 0; at < filter.length; at++) {
    const eight = filter[at] ?? 0;
    if (eight === 0) continue;
    for (let bit = 0; bit < 8; bit++) {
      if ((eight & (1 << bit)) === 0) continue;
      const row = (8 * at + bit) * BITS_PER_ROW + byte;
      bits[row] = (bits[row] ?? 0) | mask;
    }
  }
}

function spanOver(leaves: readonly Span[]): Span {
  return {
    after: leaves[0]?.after ?? 0,
    until: leaves.at(-1)?.until ?? 0,
    minAtMs: Math.min(...leaves.map(({ minAtMs }) => minAtMs)),
    maxAtMs: Math.max(...leaves.map(({ maxAtMs }) => maxAtMs)),
  };
}

/** Returns the chunks of a group that have to be read for some clauses; ascending. */
export function chunksFor(clauses: readonly Clause[]): number[] {
  const bits = clauses.flat().flatMap(bitsOf);
  return [...new Set(bits.map((bit) => Math.floor(bit / ROWS_PER_CHUNK)))].sort((a, b) => a - b);
}

/** Returns which leaves of a group may have all clauses; ascending. */
export function leavesWith(
  clauses: readonly Clause[],
  chunks: ReadonlyMap<number, Uint8Array>,
): number[] {
  const rowOf = (bit: number): Uint8Array => {
    const chunk = chunks.get(Math.floor(bit / ROWS_PER_CHUNK));
    assert(chunk?.length === CHUNK_BYTES, 'a chunk of the audit index is there, and whole');
    const from = (bit % ROWS_PER_CHUNK) * BITS_PER_ROW;
    return chunk.subarray(from, from + BITS_PER_ROW);
  };
  const found = new Uint8Array(BITS_PER_ROW).fill(0xff);
  for (const clause of clauses) {
    const any = new Uint8Array(BITS_PER_ROW);
    for (const word of clause) {
      const all = new Uint8Array(BITS_PER_ROW).fill(0xff);
      for (const bit of bitsOf(word)) and(all, rowOf(bit));
      for (const [at, byte] of all.entries()) any[at] = (any[at] ?? 0) | byte;
    }
    and(found, any);
  }
  return Array.from({ length: GROUP_LEAVES }, (_, leaf) => leaf).filter(
    (leaf) => ((found[leaf >>> 3] ?? 0) & (1 << (leaf & 7))) !== 0,
  );
}

function and(into: Uint8Array, other: Uint8Array): void {
  for (const [at, byte] of other.entries()) into[at] = (into[at] ?? 0) & byte;
}

/** Returns whether a leaf may have all clauses. */
export const mayHave = ({ filter }: Leaf, clauses: readonly Clause[]): boolean =>
  clauses.every((clause) => clause.some((word) => hasWord(filter, word)));
