import type { MetaRangeId } from '../domain/model.js';
import { ByteWriter } from './byte-writer.js';
import { encodeRangeData, type RangeRecord } from './range-codec.js';
import { sliceOf } from './slice.js';
import { TableWriter } from './sstable/table-writer.js';
import { nextTurn, TURN_RECORDS_MAX } from './turn.js';
import { writeValue } from './value-codec.js';

export interface BuiltMetaRange {
  readonly id: MetaRangeId;
  readonly file: Uint8Array;
}

/**
 * Returns the one file that lists a tree's ranges.
 *
 * @param ranges  ascending by their last keys, which do not overlap
 * @param given  properties of the caller, beside `type`; part of the id
 */
export async function buildMetaRange(
  ranges: readonly RangeRecord[],
  given: readonly (readonly [key: string, value: string])[] = [],
): Promise<BuiltMetaRange> {
  const table = new TableWriter([...given, ['type', 'metaranges']]);
  const value = new ByteWriter(512);
  for (const [at, range] of ranges.entries()) {
    if (at % TURN_RECORDS_MAX === TURN_RECORDS_MAX - 1) await nextTurn();
    value.reset();
    writeValue(value, Buffer.from(range.id, 'latin1'), sliceOf(encodeRangeData(range)));
    table.add(sliceOf(range.maxKey), sliceOf(value.view()));
  }
  const { id, file } = table.finish();
  return { id: id as MetaRangeId, file };
}
