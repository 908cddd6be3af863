import { CorruptData } from '../ports/store-errors.js';
import { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import type { Slice } from './slice.js';

/** Of a record's identity, and of its data. */
export const VALUE_PART_BYTES_MAX = 640 * 65_536;

/** The two parts of a record's value; reused by whoever fills it. */
export interface ValueParts {
  readonly identity: Slice;
  readonly data: Slice;
}

const none = new Uint8Array();

export const emptyParts = (): ValueParts => ({
  identity: { bytes: none, start: 0, end: 0 },
  data: { bytes: none, start: 0, end: 0 },
});

export function writeValue(out: ByteWriter, identity: Uint8Array, data: Slice): void {
  out.zigZag(identity.length);
  out.bytes(identity);
  out.zigZag(data.end - data.start);
  out.slice(data);
}

const reader = new ByteReader();

/** Splits a value into `parts`; bytes after the data are passed over. @throws CorruptData */
export function readValue(value: Slice, parts: ValueParts): ValueParts {
  reader.set(value.bytes, value.start, value.end);
  reader.part(partLength(reader.zigZagLength()), parts.identity);
  reader.part(partLength(reader.zigZagLength()), parts.data);
  return parts;
}

function partLength(length: number): number {
  if (length > VALUE_PART_BYTES_MAX) throw new CorruptData(`a value has a part of ${length} bytes`);
  return length;
}
