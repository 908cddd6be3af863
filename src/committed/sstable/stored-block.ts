// A block in the file: payload, type (0 raw, 1 Snappy), masked CRC-32C of both (u32 LE).
import { CorruptData } from '../../ports/store-errors.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { crc32c, maskedCrc } from './checksum.js';
import { BLOCK_BYTES_MAX, compress, uncompress } from './snappy.js';

/** Where a block's payload lies; its trailer of {@link BLOCK_TRAILER_BYTES} comes after. */
export interface BlockHandle {
  readonly offset: number;
  readonly length: number;
}

export const BLOCK_TRAILER_BYTES = 5;
const RAW = 0;
const SNAPPY = 1;

/** Appends a block, compressed where that saves more than an eighth. @returns its handle */
export function storeBlock(file: ByteWriter, payload: Uint8Array): BlockHandle {
  const compressed = compress(payload);
  if (compressed.length < payload.length - Math.floor(payload.length / 8)) {
    return storeTyped(file, compressed, SNAPPY);
  }
  return storeTyped(file, payload, RAW);
}

/** Appends a block as it is. @returns its handle */
export function storeRawBlock(file: ByteWriter, payload: Uint8Array): BlockHandle {
  return storeTyped(file, payload, RAW);
}

function storeTyped(file: ByteWriter, payload: Uint8Array, type: number): BlockHandle {
  const offset = file.length;
  file.bytes(payload);
  file.byte(type);
  file.u32(maskedCrc(crc32c(file.buffer, offset, file.length)));
  return { offset, length: payload.length };
}

/**
 * Returns the payload of a stored block, uncompressed: a copy, or a view of `stored`.
 *
 * @param stored  payload and trailer, nothing else
 * @throws CorruptData  the checksum does not fit, or what it covers is no block
 */
export function openStoredBlock(stored: Uint8Array): Buffer {
  const length = stored.length - BLOCK_TRAILER_BYTES;
  if (length < 0) throw new CorruptData('a block is shorter than its trailer');
  const view = Buffer.from(stored.buffer, stored.byteOffset, stored.length);
  const expected = view.readUInt32LE(length + 1);
  if (maskedCrc(crc32c(stored, 0, length + 1)) !== expected) {
    throw new CorruptData('a block does not match its checksum');
  }
  const payload = view.subarray(0, length);
  const type = view[length];
  if (type === SNAPPY) return uncompress(payload);
  if (type !== RAW) throw new CorruptData(`a block has the unknown type ${type}`);
  if (length > BLOCK_BYTES_MAX) throw new CorruptData(`a block of ${length} bytes`);
  return payload;
}

export function writeHandle(out: ByteWriter, { offset, length }: BlockHandle): void {
  out.uvarint(offset);
  out.uvarint(length);
}

/** @throws CorruptData  no handle, or a block that does not lie before `endOffset` */
export function readHandle(reader: ByteReader, endOffset: number): BlockHandle {
  const offset = reader.uvarint();
  const length = reader.uvarint();
  if (offset + length + BLOCK_TRAILER_BYTES > endOffset) {
    throw new CorruptData(`a block of ${length} bytes at ${offset} lies beyond ${endOffset}`);
  }
  return { offset, length };
}
