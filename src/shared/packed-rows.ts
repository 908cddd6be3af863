// Rows of a key and a value as one text, one behind the other:
//   the character of the key's length in bytes, plus one; that of the value's, plus one (of a value
//   of more than 16,000 bytes that of 16,000); key; value; a line feed
// Keys are UTF-8 texts without NUL, values UTF-8 texts without NUL and line feed, as JSON is.
import { assert } from './assert.js';

const LINE_FEED = 0x0a;
/** Characters of at most two bytes, and of at most three: no surrogate is among them. */
const KEY_BYTES_MAX = 0x7fe;
const TOLD_BYTES_MAX = 16_000;

export interface PlainRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** @throws InvariantError  a row does not fit the form */
export function packRows(rows: readonly PlainRow[]): Buffer {
  return Buffer.concat(
    rows.flatMap(({ key, value }) => [lengthsOf(key, value), key, plain(value), END]),
  );
}

const END = Buffer.of(LINE_FEED);

function lengthsOf(key: Uint8Array, value: Uint8Array): Buffer {
  assert(key.length <= KEY_BYTES_MAX && !key.includes(0), 'a key is no text that can be packed');
  const told = Math.min(value.length, TOLD_BYTES_MAX);
  return Buffer.from(String.fromCharCode(key.length + 1, told + 1));
}

function plain(value: Uint8Array): Uint8Array {
  const isPlain = !value.includes(0) && !value.includes(LINE_FEED);
  assert(isPlain, 'a value is no text of one line');
  return value;
}

/** Looks at packed rows one after the other, without a copy. Begins before the first one. */
export class PackedRows {
  rowStart: number;
  keyStart = 0;
  keyEnd = 0;
  valueEnd = 0;
  /** Where the next row begins. */
  rowEnd: number;
  #at = 0;

  /** @param bytes  from `start` to their end */
  constructor(
    readonly bytes: Buffer,
    start = 0,
  ) {
    this.rowStart = start;
    this.rowEnd = start;
  }

  /** The value lies from here to `valueEnd`. */
  get valueStart(): number {
    return this.keyEnd;
  }

  /** Goes to the next row, if there is one. @throws InvariantError  it is cut off */
  next(): boolean {
    const { bytes, rowEnd: start } = this;
    if (start >= bytes.length) return false;
    this.rowStart = start;
    this.#at = start;
    const keyLength = this.#character() - 1;
    const told = this.#character() - 1;
    this.keyStart = this.#at;
    this.keyEnd = this.keyStart + keyLength;
    const end = this.keyEnd + told;
    this.valueEnd = told < TOLD_BYTES_MAX ? end : bytes.indexOf(LINE_FEED, end);
    assert(bytes[this.valueEnd] === LINE_FEED, 'packed rows end with a line feed');
    this.rowEnd = this.valueEnd + 1;
    return true;
  }

  /** Returns the code of the character that stands here, past it. */
  #character(): number {
    const { bytes } = this;
    const first = bytes[this.#at++] ?? 0;
    if (first < 0x80) return first;
    const second = (bytes[this.#at++] ?? 0) & 0x3f;
    if (first < 0xe0) return ((first & 0x1f) << 6) | second;
    return ((first & 0x0f) << 12) | (second << 6) | ((bytes[this.#at++] ?? 0) & 0x3f);
  }

  /** Returns a copy of the key. */
  key(): Uint8Array {
    return Uint8Array.from(this.bytes.subarray(this.keyStart, this.keyEnd));
  }

  keyText(): string {
    return this.bytes.toString('utf8', this.keyStart, this.keyEnd);
  }

  valueText(): string {
    return this.bytes.toString('utf8', this.valueStart, this.valueEnd);
  }
}
