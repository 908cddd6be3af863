import type { ChangeBatch } from '../ports/committed-store.js';
import { PackedRows } from '../shared/packed-rows.js';
import { findRange, type MetaRange } from './metarange-reader.js';
import { keyOf } from './range-reader.js';
import { SMALL_BYTES_MAX, SMALL_RECORDS_MAX } from './rewrite-session.js';
import type { Slice } from './slice.js';

/**
 * Takes batches for as long as they, and the ranges of the base that they touch, are few and small.
 *
 * @returns what was taken, and whether that was all; if not, it is no little work
 */
export async function takeLittle(source: AsyncIterator<ChangeBatch>, base: MetaRange) {
  const batches: ChangeBatch[] = [];
  const work = new Work(base);
  for (;;) {
    const next = await source.next();
    if (next.done) return { batches, isAll: true };
    batches.push(next.value);
    if (!work.isLittleWith(next.value)) return { batches, isAll: false };
  }
}

class Work {
  #recordCount = 0;
  #bytes = 0;
  #entered = -1;

  constructor(private readonly base: MetaRange) {}

  isLittleWith(batch: ChangeBatch): boolean {
    this.#recordCount += batch.length;
    for (const key of keysOf(batch)) {
      if (this.#recordCount > SMALL_RECORDS_MAX || this.#bytes > SMALL_BYTES_MAX) return false;
      const at = findRange(this.base, key);
      const range = this.base[at];
      if (!range || at === this.#entered) continue;
      this.#entered = at;
      this.#recordCount += range.count;
      this.#bytes += range.estimatedBytes;
    }
    return this.#recordCount <= SMALL_RECORDS_MAX && this.#bytes <= SMALL_BYTES_MAX;
  }
}

function* keysOf(batch: ChangeBatch): Generator<Slice> {
  if (!('packed' in batch)) {
    for (const { path } of batch) yield keyOf(path);
    return;
  }
  const rows = new PackedRows(batch.packed);
  while (rows.next()) yield { bytes: rows.bytes, start: rows.keyStart, end: rows.keyEnd };
}
