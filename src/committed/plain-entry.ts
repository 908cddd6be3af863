// An entry as the views hold it, as JSON, read in place: its texts are copied as the bytes they
// are, and no object is made of it. What is not plain (escapes, metadata, other fields) is for
// JSON.parse.
import type { Slice } from './slice.js';

/** An entry's fields, texts still as bytes; reused by whoever reads. */
export interface PlainEntry {
  readonly address: Slice;
  readonly checksum: Slice;
  readonly contentType: Slice;
  isFull: boolean;
  sizeBytes: number;
  modifiedAtMs: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const ZERO = 0x30;
const NINE = 0x39;
/** More could be no safe integer. */
const DIGITS_MAX = 15;

/** Names with their quotes and colon, in the order in which an entry is mostly written. */
const NAMES = [
  'address',
  'addressType',
  'checksum',
  'sizeBytes',
  'modifiedAtMs',
  'contentType',
  'metadata',
].map((name) => Buffer.from(`"${name}":`));
const ALL_SEEN = 2 ** NAMES.length - 1;
const FULL = Buffer.from('full');
const RELATIVE = Buffer.from('relative');
const none = new Uint8Array();
const emptySlice = (): Slice => ({ bytes: none, start: 0, end: 0 });

export class PlainEntryReader {
  readonly entry: PlainEntry = {
    address: emptySlice(),
    checksum: emptySlice(),
    contentType: emptySlice(),
    isFull: false,
    sizeBytes: 0,
    modifiedAtMs: 0,
  };
  readonly #text = emptySlice();
  #bytes: Uint8Array = none;
  #at = 0;
  #number = 0;

  /** Sets `entry` to what the text says. Returns whether it is plain; if not, nothing counts. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    this.#bytes = bytes;
    this.#at = start;
    if (bytes[this.#at++] !== OPEN_BRACE) return false;
    let seen = 0;
    for (let likely = 0; ; likely++) {
      const field = this.#name(likely);
      if (field < 0 || (seen & (1 << field)) !== 0 || !this.#value(field)) return false;
      seen |= 1 << field;
      const next = bytes[this.#at++];
      if (next === CLOSE_BRACE) return seen === ALL_SEEN && this.#at === end;
      if (next !== COMMA) return false;
    }
  }

  /** Returns the index of the name that stands here, past it; −1: none. */
  #name(likely: number): number {
    const likelyName = NAMES[likely];
    if (likelyName && this.#skip(likelyName)) return likely;
    return NAMES.findIndex((name) => this.#skip(name));
  }

  #skip(literal: Uint8Array): boolean {
    if (!isAt(this.#bytes, this.#at, literal)) return false;
    this.#at += literal.length;
    return true;
  }

  #value(field: number): boolean {
    const { entry } = this;
    switch (field) {
      case 0:
        return this.#textInto(entry.address);
      case 1:
        return this.#textInto(this.#text) && this.#addressType(this.#text);
      case 2:
        return this.#textInto(entry.checksum);
      case 3:
        if (!this.#digits()) return false;
        entry.sizeBytes = this.#number;
        return true;
      case 4:
        if (!this.#digits()) return false;
        entry.modifiedAtMs = this.#number;
        return true;
      case 5:
        return this.#textInto(entry.contentType);
      default:
        return (
          this.#bytes[this.#at++] === OPEN_BRACKET && this.#bytes[this.#at++] === CLOSE_BRACKET
        );
    }
  }

  #textInto(part: Slice): boolean {
    const bytes = this.#bytes;
    let at = this.#at;
    if (bytes[at] !== QUOTE) return false;
    const start = ++at;
    for (; bytes[at] !== QUOTE; at++) {
      if (bytes[at] === BACKSLASH || bytes[at] === undefined) return false;
    }
    part.bytes = bytes;
    part.start = start;
    part.end = at;
    this.#at = at + 1;
    return true;
  }

  #digits(): boolean {
    const start = this.#at;
    let value = 0;
    for (; ; this.#at++) {
      const byte = this.#bytes[this.#at] ?? 0;
      if (byte < ZERO || byte > NINE) break;
      value = value * 10 + byte - ZERO;
    }
    this.#number = value;
    const count = this.#at - start;
    return count > 0 && count <= DIGITS_MAX;
  }

  #addressType({ bytes, start, end }: Slice): boolean {
    const length = end - start;
    this.entry.isFull = length === FULL.length && isAt(bytes, start, FULL);
    return this.entry.isFull || (length === RELATIVE.length && isAt(bytes, start, RELATIVE));
  }
}

function isAt(bytes: Uint8Array, start: number, text: Uint8Array): boolean {
  for (let offset = 0; offset < text.length; offset++) {
    if (bytes[start + offset] !== text[offset]) return false;
  }
  return true;
}
