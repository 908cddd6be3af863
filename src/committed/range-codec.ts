import type { RangeId } from '../domain/model.js';
import { CorruptData } from '../ports/store-errors.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { skipField } from './entry-fields.js';
import { copyOf, type Slice } from './slice.js';

/** What a metarange says of one of its ranges. */
export interface RangeRecord {
  readonly id: RangeId;
  /** Its first key. */
  readonly minKey: Uint8Array;
  /** Its last key; the record's own key in the metarange. */
  readonly maxKey: Uint8Array;
  readonly count: number;
  /** As the writer had it before the file was closed; not the size of the file. */
  readonly estimatedBytes: number;
}

/** Returns protobuf committed.RangeData: 1 min_key, 2 max_key, 3 estimated_size, 4 count. */
export function encodeRangeData(range: RangeRecord): Uint8Array {
  const out = new ByteWriter(64 + range.minKey.length + range.maxKey.length);
  writeKey(out, 0x0a, range.minKey);
  writeKey(out, 0x12, range.maxKey);
  if (range.estimatedBytes !== 0) {
    out.byte(0x18);
    out.uvarint(range.estimatedBytes);
  }
  if (range.count !== 0) {
    out.byte(0x20);
    out.uvarint(range.count);
  }
  return out.toBytes();
}

function writeKey(out: ByteWriter, tag: number, key: Uint8Array): void {
  if (key.length === 0) return;
  out.byte(tag);
  out.uvarint(key.length);
  out.bytes(key);
}

const RANGE_ID = /^[0-9a-f]{64}$/;

/**
 * Returns a metarange's record. Old files leave min_key out: there it is the record's key.
 *
 * @throws CorruptData  it is no protobuf, or the id is none
 */
export function decodeRange(key: Slice, identity: Slice, data: Slice): RangeRecord {
  const id = Buffer.from(copyOf(identity)).toString('latin1');
  if (!RANGE_ID.test(id)) throw new CorruptData('a metarange names a range by something else');
  const part: Slice = { bytes: data.bytes, start: 0, end: 0 };
  const reader = new ByteReader().set(data.bytes, data.start, data.end);
  const maxKey = copyOf(key);
  let minKey = maxKey;
  let estimatedBytes = 0;
  let count = 0;
  while (!reader.isAtEnd) {
    const tag = reader.uvarint();
    if (tag === 0x0a) minKey = copyOf(reader.part(reader.uvarint(), part));
    else if (tag === 0x18) estimatedBytes = reader.uvarint();
    else if (tag === 0x20) count = reader.uvarint();
    else skipField(reader, tag);
  }
  return { id: id as RangeId, minKey, maxKey, count, estimatedBytes };
}
