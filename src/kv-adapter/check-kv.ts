import {
  KEY_BYTES_MAX,
  SCAN_ROWS_MAX,
  VALUE_BYTES_MAX,
  viewOf,
  type KvRead,
} from '../ports/kv-store.js';
import { assert } from '../shared/assert.js';

/** What is no view, and so may be written by `setIf` and `deleteIf`. */
export const PLAIN_VIEW = 'plain';

export const SCHEMAS_DIFFER = 'rows that are packed together are of one schema';

/** @throws InvariantError  a read that no caller of ours may ask for */
export function checkRead(read: KvRead): void {
  checkPartition(read.partition);
  if (read.kind === 'get') return;
  const { limit } = read;
  assert(
    Number.isInteger(limit) && limit >= 1 && limit <= SCAN_ROWS_MAX,
    `a scan takes 1 to ${SCAN_ROWS_MAX} rows, not ${limit}`,
  );
}

/** @throws InvariantError  the partition is a view's, or key or value are too large */
export function checkPlain(partition: string, key: Uint8Array, value?: Uint8Array): void {
  checkPartition(partition);
  assert(viewOf(partition) === PLAIN_VIEW, `${partition} is a view's: only the log writes it`);
  assert(key.length <= KEY_BYTES_MAX, `a key is at most ${KEY_BYTES_MAX} bytes`);
  assert((value?.length ?? 0) <= VALUE_BYTES_MAX, `a value is at most ${VALUE_BYTES_MAX} bytes`);
}

/** A NUL would fail the whole statement, with the reads of everybody else in it. */
function checkPartition(partition: string): void {
  viewOf(partition);
  assert(
    partition.isWellFormed() && !partition.includes('\0'),
    'a partition holds NUL or half of a surrogate pair',
  );
}
