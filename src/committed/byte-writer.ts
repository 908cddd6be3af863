import { copySlice, type Slice } from './slice.js';

const ASCII_LOOP_MAX = 96;
// Below this many bytes a loop is quicker than a call.
const BYTES_LOOP_MAX = 16;

/** Builds bytes at the end of a buffer that grows. Varints are little-endian groups of 7 bits. */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacityBytes = 1024) {
    this.#bytes = Buffer.allocUnsafe(capacityBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** How much fits before other memory is taken. */
  get capacityBytes(): number {
    return this.#bytes.length;
  }

  /** Forgets what was written (after `length` bytes), and keeps the memory. */
  reset(length = 0): void {
    this.#length = length;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  bytes(value: Uint8Array): void {
    this.#room(value.length);
    if (value.length > BYTES_LOOP_MAX) this.#bytes.set(value, this.#length);
    else for (let at = 0; at < value.length; at++) this.#bytes[this.#length + at] = value[at] ?? 0;
    this.#length += value.length;
  }

  slice(value: Slice): void {
    this.#room(value.end - value.start);
    copySlice(this.#bytes, this.#length, value);
    this.#length += value.end - value.start;
  }

  u32(value: number): void {
    this.#room(4);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
  }

  /** @param value  an integer; a negative one is taken as 64 bits in two's complement */
  uvarint(value: number): void {
    this.#room(10);
    if (value < 0) return this.#negative(value);
    let rest = value;
    while (rest > 0x7fff_ffff) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Writes a length as Go's signed varint does. */
  zigZag(length: number): void {
    this.uvarint(length * 2);
  }

  /** Writes a text as UTF-8. */
  text(value: string): void {
    if (value.length <= ASCII_LOOP_MAX && this.#shortAscii(value)) return;
    this.#room(value.length * 3);
    this.#length += this.#bytes.write(value, this.#length);
  }

  /** Writes a text's length in UTF-8 bytes as a uvarint, then the bytes. */
  sizedText(value: string): void {
    if (value.length <= ASCII_LOOP_MAX) {
      this.byte(value.length);
      if (this.#shortAscii(value)) return;
      this.#length--;
    }
    this.uvarint(Buffer.byteLength(value));
    this.text(value);
  }

  /** Makes what was written from `start` on a sized part: its length goes before it. */
  sizeFrom(start: number): void {
    const byteLength = this.#length - start;
    const prefixLength = uvarintLength(byteLength);
    this.#room(prefixLength);
    this.#bytes.copyWithin(start + prefixLength, start, this.#length);
    this.#length = start;
    this.uvarint(byteLength);
    this.#length = start + prefixLength + byteLength;
  }

  /** Returns a copy of what was written. */
  toBytes(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#length));
  }

  /** Returns what was written; valid until the next write. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Returns the buffer itself, for who reads parts of it; the next write may replace it. */
  get buffer(): Buffer {
    return this.#bytes;
  }

  #shortAscii(value: string): boolean {
    this.#room(value.length);
    const bytes = this.#bytes;
    const start = this.#length;
    for (let at = 0; at < value.length; at++) {
      const unit = value.charCodeAt(at);
      if (unit > 0x7f) return false;
      bytes[start + at] = unit;
    }
    this.#length = start + value.length;
    return true;
  }

  #negative(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  #room(byteCount: number): void {
    if (this.#length + byteCount <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe((this.#length + byteCount) * 2);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Returns how many bytes `uvarint` writes of a value from 0 on. */
export function uvarintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}
