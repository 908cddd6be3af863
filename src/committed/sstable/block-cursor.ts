import { CorruptData } from '../../ports/store-errors.js';
import { ByteReader } from '../byte-reader.js';
import { compareSlices, copySlice, type Slice } from '../slice.js';

const none = Buffer.alloc(0);
const KIND_SET = 1;

/** What follows a user key in a block of this sort. */
export type KeyTrailer = 'record' | 'index' | 'none';

/**
 * Reads a block's entries in their order. Everything that the bytes say is checked before it is
 * believed; keys must strictly ascend.
 */
export class BlockCursor {
  /** The user key; valid until the next move. */
  readonly key: Slice = { bytes: Buffer.alloc(256), start: 0, end: 0 };
  /** A part of the payload. */
  readonly value: Slice = { bytes: none, start: 0, end: 0 };
  readonly #reader = new ByteReader();
  readonly #suffix: Slice = { bytes: none, start: 0, end: 0 };
  readonly #trailerBytes: number;
  #payload: Buffer = none;
  #entriesEnd = 0;
  #restartCount = 0;
  #keyLength = 0;
  #isFresh = true;

  constructor(private readonly trailer: KeyTrailer) {
    this.#trailerBytes = trailer === 'none' ? 0 : 8;
  }

  /** The key with its trailer; valid until the next move. */
  get fullKey(): Slice {
    return { bytes: this.key.bytes, start: 0, end: this.#keyLength };
  }

  /** Goes before a block's first entry. @throws CorruptData  its restarts lie outside */
  open(payload: Buffer): this {
    if (payload.length < 8) throw new CorruptData(`a block of ${payload.length} bytes`);
    this.#restartCount = payload.readUInt32LE(payload.length - 4);
    this.#entriesEnd = payload.length - 4 - 4 * this.#restartCount;
    if (this.#restartCount < 1 || this.#entriesEnd < 0) {
      throw new CorruptData(
        `a block of ${payload.length} bytes has ${this.#restartCount} restarts`,
      );
    }
    this.#payload = payload;
    this.#rewind(0);
    return this;
  }

  /** @returns whether there is a next entry @throws CorruptData */
  next(): boolean {
    const reader = this.#reader;
    if (reader.isAtEnd) return false;
    const shared = reader.uvarint();
    const unshared = reader.uvarint();
    const valueLength = reader.uvarint();
    if (shared > this.#keyLength || shared + unshared < this.#trailerBytes) {
      throw new CorruptData('an entry shares more of the last key than there is');
    }
    const suffix = reader.part(unshared, this.#suffix);
    reader.part(valueLength, this.value);
    const userLength = shared + unshared - this.#trailerBytes;
    if (!this.#isFresh && !this.#ascends(shared, userLength)) {
      throw new CorruptData('the keys of a block do not ascend');
    }
    this.#room(shared + unshared);
    copySlice(this.key.bytes, shared, suffix);
    this.#keyLength = shared + unshared;
    this.key.end = userLength;
    this.#isFresh = false;
    if (this.trailer === 'record' && this.key.bytes[userLength] !== KIND_SET) {
      throw new CorruptData('a record is of another kind than a set one');
    }
    return true;
  }

  /** Goes to the first entry at or after the user key `target`. @returns whether there is one */
  seek(target: Slice): boolean {
    let low = 0;
    let high = this.#restartCount - 1;
    // The last restart whose key is before the target: what is sought comes after it.
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#isRestartBefore(middle, target)) low = middle;
      else high = middle - 1;
    }
    this.#rewind(this.#restartAt(low));
    while (this.next()) if (compareSlices(this.key, target) >= 0) return true;
    return false;
  }

  #isRestartBefore(restart: number, target: Slice): boolean {
    this.#rewind(this.#restartAt(restart));
    return this.next() && compareSlices(this.key, target) < 0;
  }

  #restartAt(restart: number): number {
    const at = this.#payload.readUInt32LE(this.#entriesEnd + 4 * restart);
    if (at > this.#entriesEnd) throw new CorruptData('a restart lies outside of its block');
    return at;
  }

  #rewind(at: number): void {
    this.#reader.set(this.#payload, at, this.#entriesEnd);
    this.#keyLength = 0;
    this.key.end = 0;
    this.#isFresh = true;
  }

  // The first byte that is not shared mostly tells; a restart shares nothing, so it goes further.
  #ascends(shared: number, userLength: number): boolean {
    const { bytes, start } = this.#suffix;
    const last = this.key;
    const limit = Math.min(userLength, last.end);
    for (let at = shared; at < limit; at++) {
      const difference = (bytes[start + at - shared] ?? 0) - (last.bytes[at] ?? 0);
      if (difference !== 0) return difference > 0;
    }
    // Metaindex and index entries of one key do not occur; records of one key neither.
    return userLength > last.end;
  }

  #room(byteCount: number): void {
    if (byteCount <= this.key.bytes.length) return;
    const larger = Buffer.alloc(byteCount * 2);
    larger.set(this.key.bytes.subarray(0, this.#keyLength));
    this.key.bytes = larger;
  }
}
