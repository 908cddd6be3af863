import type { KvRow } from '../ports/kv-store.js';
import { compareBytes } from '../shared/bytes.js';
import { lowerBound } from '../shared/lower-bound.js';

/**
 * The rows of one partition, ascending by key. A snapshot keeps the array it saw: whoever writes
 * after it gets a copy (`epoch` says since when the array is the writer's own).
 */
export interface PartitionRows {
  readonly rows: KvRow[];
  readonly epoch: number;
}

/** Returns the index of the first row whose key is not below `key`. */
export function firstAtOrBehind(rows: readonly KvRow[], key: Uint8Array): number {
  return lowerBound({ to: rows.length }, (place) => {
    const row = rows[place];
    return row !== undefined && compareBytes(row.key, key) < 0;
  });
}

export function rowAt(rows: readonly KvRow[], key: Uint8Array): KvRow | undefined {
  const row = rows[firstAtOrBehind(rows, key)];
  return row && compareBytes(row.key, key) === 0 ? row : undefined;
}

/** Returns the rows from `from` (inclusive) until `until` (exclusive), at most `limit`. */
export function rowsBetween(
  rows: readonly KvRow[],
  bounds: { from?: Uint8Array; until?: Uint8Array; limit: number },
): readonly KvRow[] {
  const first = bounds.from ? firstAtOrBehind(rows, bounds.from) : 0;
  const end = bounds.until ? firstAtOrBehind(rows, bounds.until) : rows.length;
  return rows.slice(first, Math.max(first, Math.min(end, first + bounds.limit)));
}

export function putRow(rows: KvRow[], row: KvRow): void {
  const at = firstAtOrBehind(rows, row.key);
  const old = rows[at];
  const isKnown = old !== undefined && compareBytes(old.key, row.key) === 0;
  rows.splice(at, isKnown ? 1 : 0, row);
}

/** Removes the rows from `from` (inclusive) until `until` (exclusive). */
export function dropRows(rows: KvRow[], bounds: { from?: Uint8Array; until?: Uint8Array }): void {
  const first = bounds.from ? firstAtOrBehind(rows, bounds.from) : 0;
  const end = bounds.until ? firstAtOrBehind(rows, bounds.until) : rows.length;
  if (end > first) rows.splice(first, end - first);
}
