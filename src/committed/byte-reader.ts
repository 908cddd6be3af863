import { CorruptData } from '../ports/store-errors.js';
import type { Slice } from './slice.js';

/** Reads bytes from a part of a buffer and never past its end. Reused by whoever sets it. */
export class ByteReader {
  at = 0;
  #bytes: Uint8Array = new Uint8Array();
  #end = 0;

  /** Reads `bytes` from `start` to `end` (exclusive) from now on. */
  set(bytes: Uint8Array, start: number, end: number): this {
    this.#bytes = bytes;
    this.at = start;
    this.#end = end;
    return this;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#end;
  }

  /** @throws CorruptData  nothing is left */
  byte(): number {
    if (this.at >= this.#end) throw new CorruptData('a value ends before its last byte');
    return this.#bytes[this.at++] ?? 0;
  }

  /**
   * Returns an unsigned varint that fits in 53 bits.
   *
   * @throws CorruptData  it is cut off, or larger
   */
  uvarint(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let unit = 0x80; ; unit *= 0x80) {
      const next = this.byte();
      value += (next & 0x7f) * unit;
      if (value > Number.MAX_SAFE_INTEGER) throw new CorruptData('a number is out of bounds');
      if (next < 0x80) return value;
    }
  }

  /** Returns a varint that was written as 64 bits in two's complement. @throws CorruptData */
  int64(): number {
    const start = this.at;
    let small = 0;
    // Up to 49 bits without a bigint: every size and time of an object of this world.
    for (let unit = 1; unit < 2 ** 49; unit *= 0x80) {
      const next = this.byte();
      small += (next & 0x7f) * unit;
      if (next < 0x80) return small;
    }
    this.at = start;
    return this.#wideInt64();
  }

  #wideInt64(): number {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const next = this.byte();
      value |= BigInt(next & 0x7f) << shift;
      if (next >= 0x80) continue;
      const signed = Number(BigInt.asIntN(64, value));
      if (Number.isSafeInteger(signed)) return signed;
      break;
    }
    throw new CorruptData('a number is out of bounds');
  }

  /** Returns a length that was written as Go's signed varint. @throws CorruptData */
  zigZagLength(): number {
    const value = this.uvarint();
    if (value % 2 !== 0) throw new CorruptData('a length is negative');
    return value / 2;
  }

  /** Sets `part` to the next `length` bytes. @throws CorruptData  fewer are left */
  part(length: number, part: Slice): Slice {
    if (length > this.#end - this.at) {
      throw new CorruptData(`a part of ${length} bytes where ${this.#end - this.at} are left`);
    }
    part.bytes = this.#bytes;
    part.start = this.at;
    part.end = this.at + length;
    this.at = part.end;
    return part;
  }
}
