import { hash } from 'node:crypto';
import { compareBytes } from './bytes.js';

const BYTES = 0x00;
const TEXT = 0x01;
const INT64 = 0x02;
const TEXT_LIST = 0x03;
const TEXT_MAP = 0x04;
const EMBEDDED = 0x05;

export const DIGEST_BYTES = 32;

/** A map's pair as UTF-8 bytes. */
export type BytePair = readonly [key: Uint8Array, value: Uint8Array];

/**
 * Hashes typed, length-prefixed values by SHA-256, so that no two lists of values meet.
 *
 * | kind | bytes |
 * |---|---|
 * | bytes | `00` int64(length) raw |
 * | text | `01` int64(byte length) UTF-8 |
 * | int64 | `02 08`, 8 bytes big-endian |
 * | list of texts | `03` int64(count), each as a text |
 * | map of texts | `04` int64(count), key and value as texts, keys ascending as bytes |
 * | embedded | `05`, then the embedded identity as bytes |
 *
 * Source: docs/formats/range.md, "Identity".
 */
export class ContentHash {
  #buffer = Buffer.allocUnsafe(512);
  #length = 0;
  /** Of the buffer's beginning, by their lengths: to make one costs as much as a digest. */
  #views: Uint8Array[] = [];

  /** Forgets what was added, and keeps the memory. */
  reset(): this {
    this.#length = 0;
    return this;
  }

  bytes(value: Uint8Array): this {
    return this.#kind(BYTES).#sized(value);
  }

  text(value: string): this {
    const byteLength = Buffer.byteLength(value);
    this.#kind(TEXT).int64(byteLength).#room(byteLength);
    this.#buffer.write(value, this.#length);
    this.#length += byteLength;
    return this;
  }

  /** Adds a text of which the UTF-8 bytes are at hand. */
  textBytes(value: Uint8Array): this {
    return this.#kind(TEXT).#sized(value);
  }

  /** The same of a part of some bytes. */
  textPart(bytes: Uint8Array, start: number, end: number): this {
    const byteLength = end - start;
    this.#kind(TEXT).int64(byteLength).#room(byteLength);
    for (let at = start, to = this.#length; at < end; at++, to++) this.#buffer[to] = bytes[at] ?? 0;
    this.#length += byteLength;
    return this;
  }

  /** @param value  an integer, at most 2⁵³ − 1 either way */
  int64(value: number): this {
    this.#room(10);
    const high = Math.floor(value / 0x1_0000_0000);
    this.#buffer[this.#length++] = INT64;
    this.#buffer[this.#length++] = 8;
    this.#half(high);
    this.#half(value - high * 0x1_0000_0000);
    return this;
  }

  texts(values: readonly string[]): this {
    this.#kind(TEXT_LIST).int64(values.length);
    for (const value of values) this.text(value);
    return this;
  }

  textMap(pairs: Iterable<readonly [key: string, value: string]>): this {
    const bytes = Array.from(pairs, ([key, value]): BytePair => {
      return [Buffer.from(key), Buffer.from(value)];
    });
    return this.byteMap(bytes);
  }

  /** Adds a map of texts of which the UTF-8 bytes are at hand, in any order. */
  byteMap(pairs: readonly BytePair[]): this {
    this.#kind(TEXT_MAP).int64(pairs.length);
    const sorted = pairs.length > 1 ? pairs.toSorted(([a], [b]) => compareBytes(a, b)) : pairs;
    for (const [key, value] of sorted) this.textBytes(key).textBytes(value);
    return this;
  }

  /** @param identity  the digest of what is embedded */
  embedded(identity: Uint8Array): this {
    return this.#kind(EMBEDDED).bytes(identity);
  }

  /** Returns what a digest would be taken of; valid until the next change. */
  encoded(): Uint8Array {
    return (this.#views[this.#length] ??= this.#buffer.subarray(0, this.#length));
  }

  /** Returns 32 bytes. */
  digest(): Uint8Array {
    return hash('sha256', this.encoded(), 'buffer');
  }

  /**
   * Writes the 32 bytes of the digest at `at`. A text is made in a third of the time that a buffer
   * takes, and costs no memory outside of V8's heap.
   */
  digestInto(out: Buffer, at: number): void {
    out.write(hash('sha256', this.encoded(), 'binary'), at, DIGEST_BYTES, 'latin1');
  }

  /** Returns 64 lower-case hex digits. */
  hex(): string {
    return hash('sha256', this.encoded(), 'hex');
  }

  /** 32 bits, high bytes first. */
  #half(value: number): void {
    const buffer = this.#buffer;
    const at = this.#length;
    buffer[at] = value >>> 24;
    buffer[at + 1] = value >>> 16;
    buffer[at + 2] = value >>> 8;
    buffer[at + 3] = value;
    this.#length = at + 4;
  }

  #kind(kind: number): this {
    this.#room(1);
    this.#buffer[this.#length++] = kind;
    return this;
  }

  #sized(value: Uint8Array): this {
    this.int64(value.length).#room(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  #room(byteCount: number): void {
    if (this.#length + byteCount <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe((this.#length + byteCount) * 2);
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
    this.#views = [];
  }
}
