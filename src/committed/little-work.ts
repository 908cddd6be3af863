import type { ChangeBatch } from '../ports/committed-store.js';
import { findRange, type MetaRange } from './metarange-reader.js';
import { keyOf } from './range-reader.js';
import { SMALL_BYTES_MAX, SMALL_RECORDS_MAX } from './rewrite-session.js';

/** Takes batches until they hold more than `countMax` changes, or until there are no more. */
export async function takeSome(source: AsyncIterator<ChangeBatch>, countMax: number) {
  const batches: ChangeBatch[] = [];
  for (let count = 0; count <= countMax;) {
    const next = await source.next();
    if (next.done) return { batches, isAll: true };
    batches.push(next.value);
    count += next.value.length;
  }
  return { batches, isAll: false };
}

/** Whether changes, and the ranges of the base that they touch, are few and small. */
export function isLittleWork(batches: readonly ChangeBatch[], base: MetaRange): boolean {
  let recordCount = batches.reduce((sum, { length }) => sum + length, 0);
  let bytes = 0;
  let entered = -1;
  if (recordCount > SMALL_RECORDS_MAX) return false;
  for (const { path } of batches.flatMap((batch) => [...batch])) {
    const at = findRange(base, keyOf(path));
    const range = base[at];
    if (!range || at === entered) continue;
    entered = at;
    recordCount += range.count;
    bytes += range.estimatedBytes;
  }
  return recordCount <= SMALL_RECORDS_MAX && bytes <= SMALL_BYTES_MAX;
}
