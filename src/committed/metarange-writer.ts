import type { MetaRangeId } from '../domain/model.js';
import { ByteWriter } from './byte-writer.js';
import { encodeRangeData, type RangeRecord } from './range-codec.js';
import { sliceOf } from './slice.js';
import { TableWriter } from './sstable/table-writer.js';
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
export function buildMetaRange(
  ranges: readonly RangeRecord[],
  given: readonly (readonly [key: string, value: string])[] = [],
): BuiltMetaRange {
  const table = new TableWriter([...given, ['type', 'metaranges']]);
  const value = new ByteWriter(512);
  for (const range of ranges) {
    value.reset();
    writeValue(value, Buffer.from(range.id, 'latin1'), sliceOf(encodeRangeData(range)));
    table.add(sliceOf(range.maxKey), sliceOf(value.view()));
  }
  const { id, file } = table.finish();
  return { id: id as MetaRangeId, file };
}
