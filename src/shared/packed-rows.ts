// Rows of a key and a value as one piece, one behind the other:
//   u32 BE, the key's length above the value's of 21 bits; key; value
import { assert } from './assert.js';

const HEAD_BYTES = 4;
const VALUE_BITS = 21;
const KEY_BYTES_MAX = 2 ** (32 - VALUE_BITS) - 1;
const VALUE_BYTES_MAX = 2 ** VALUE_BITS - 1;

export interface PlainRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** @throws InvariantError  a row does not fit the form */
export function packRows(rows: readonly PlainRow[]): Buffer {
  return Buffer.concat(rows.flatMap(({ key, value }) => [headOf(key, value), key, value]));
}

function headOf(key: Uint8Array, value: Uint8Array): Buffer {
  const isFit = key.length <= KEY_BYTES_MAX && value.length <= VALUE_BYTES_MAX;
  assert(isFit, 'a key or a value is too long to be packed');
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(key.length * 2 ** VALUE_BITS + value.length);
  return head;
}

/** Looks at packed rows one after the other, without a copy. Begins before the first one. */
export class PackedRows {
  rowStart: number;
  keyStart = 0;
  keyEnd = 0;
  /** Where the value ends, and the next row begins. */
  rowEnd: number;

  /** @param bytes  from `start` to their end */
  constructor(
    readonly bytes: Buffer,
    start = 0,
  ) {
    this.rowStart = start;
    this.rowEnd = start;
  }

  /** The value lies from here to `rowEnd`. */
  get valueStart(): number {
    return this.keyEnd;
  }

  /** Goes to the next row, if there is one. @throws InvariantError  it is cut off */
  next(): boolean {
    const { bytes, rowEnd: start } = this;
    if (start >= bytes.length) return false;
    const keyByte = bytes[start] ?? 0;
    const bothByte = bytes[start + 1] ?? 0;
    const low = ((bytes[start + 2] ?? 0) << 8) | (bytes[start + 3] ?? 0);
    this.rowStart = start;
    this.keyStart = start + HEAD_BYTES;
    this.keyEnd = this.keyStart + ((keyByte << 3) | (bothByte >>> 5));
    this.rowEnd = this.keyEnd + (((bothByte & 0x1f) << 16) | low);
    assert(this.rowEnd <= bytes.length, 'packed rows are whole');
    return true;
  }

  /** Returns a copy of the key. */
  key(): Uint8Array {
    return Uint8Array.from(this.bytes.subarray(this.keyStart, this.keyEnd));
  }

  keyText(): string {
    return this.bytes.toString('utf8', this.keyStart, this.keyEnd);
  }

  valueText(): string {
    return this.bytes.toString('utf8', this.valueStart, this.rowEnd);
  }
}
