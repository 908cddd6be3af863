import type { KvRow } from '../ports/kv-store.js';
import { compareBytes } from '../shared/bytes.js';

/**
 * The rows of one partition, ascending by key. A snapshot keeps the array it saw: whoever writes
 * after it gets a copy (`epoch` says since when the array is the writer's own).
 */
export interface PartitionRows {
  readonly rows: KvRow[];
  readonly epoch: number;
}

/** Returns the index of the first row whose key is not below `key`. */
export function lowerBound(rows: readonly KvRow[], key: Uint8Array): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle];
    if (row && compareBytes(row.key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function rowAt(rows: readonly KvRow[], key: Uint8Array): KvRow | undefined {
  const row = rows[lowerBound(rows, key)];
  return row && compareBytes(row.key, key) === 0 ? row : undefined;
}

/** Returns the rows from `from` (inclusive) until `until` (exclusive), at most `limit`. */
export function rowsBetween(
  rows: readonly KvRow[],
  bounds: { from?: Uint8Array; until?: Uint8Array; limit: number },
): readonly KvRow[] {
  const first = bounds.from ? lowerBound(rows, bounds.from) : 0;
  const end = bounds.until ? lowerBound(rows, bounds.until) : rows.length;
  return rows.slice(first, Math.max(first, Math.min(end, first + bounds.limit)));
}

export function putRow(rows: KvRow[], row: KvRow): void {
  const at = lowerBound(rows, row.key);
  const old = rows[at];
  const isKnown = old !== undefined && compareBytes(old.key, row.key) === 0;
  rows.splice(at, isKnown ? 1 : 0, row);
}

/** Removes the rows from `from` (inclusive) until `until` (exclusive). */
export function dropRows(rows: KvRow[], bounds: { from?: Uint8Array; until?: Uint8Array }): void {
  const first = bounds.from ? lowerBound(rows, bounds.from) : 0;
  const end = bounds.until ? lowerBound(rows, bounds.until) : rows.length;
  if (end > first) rows.splice(first, end - first);
}
