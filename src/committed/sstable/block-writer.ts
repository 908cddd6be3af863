import { ByteWriter, uvarintLength } from '../byte-writer.js';
import { copySlice, type Slice } from '../slice.js';

export const BLOCK_BYTES_TARGET = 4096;
/** 90 % of the target, rounded up: below it a block is never closed. */
export const BLOCK_BYTES_THRESHOLD = Math.floor((BLOCK_BYTES_TARGET * 90 + 99) / 100);

/** A block that was read, to go on from. */
export interface FinishedBlock {
  /** With its restart offsets and their count. */
  readonly payload: Buffer;
  readonly entryCount: number;
  /** User key and trailer. */
  readonly lastKey: Slice;
}

/**
 * Builds a block's payload: entries of
 * `uvarint(shared) uvarint(unshared) uvarint(value length) key suffix, value`,
 * then the offsets of the restarts (u32 LE each) and their count (u32 LE).
 */
export class BlockWriter {
  readonly #out = new ByteWriter(BLOCK_BYTES_TARGET + 1024);
  #restarts: number[] = [];
  #count = 0;
  #lastKey = Buffer.alloc(256);
  #lastKeyLength = 0;
  #finished: FinishedBlock | undefined;

  constructor(private readonly restartInterval: number) {}

  get count(): number {
    return this.#count;
  }

  /** How long the payload would be now; 4 when there is none. */
  get estimatedBytes(): number {
    if (this.#finished) return this.#finished.payload.length;
    return this.#out.length + 4 * this.#restarts.length + 4;
  }

  /** Whether nothing was added since `adopt`. */
  get isAsAdopted(): boolean {
    return this.#finished !== undefined;
  }

  /** Returns the last key with its trailer; valid until the next change. */
  get lastKey(): Uint8Array {
    return this.#lastKey.subarray(0, this.#lastKeyLength);
  }

  /** Adds an entry. @param trailer  what follows the user key: 8 bytes, or none */
  add(userKey: Slice, trailer: Uint8Array, value: Slice): void {
    if (this.#finished) this.#goOn(this.#finished);
    const out = this.#out;
    const isRestart = this.#count % this.restartInterval === 0;
    if (isRestart) this.#restarts.push(out.length);
    const shared = isRestart ? 0 : this.#sharedWithLast(userKey);
    const userKeyLength = userKey.end - userKey.start;
    out.uvarint(shared);
    out.uvarint(userKeyLength - shared + trailer.length);
    out.uvarint(value.end - value.start);
    const suffixAt = out.length;
    userKey.start += shared;
    out.slice(userKey);
    userKey.start -= shared;
    if (trailer.length > 0) out.bytes(trailer);
    this.#keepLast({ bytes: out.buffer, start: suffixAt, end: out.length }, shared);
    out.slice(value);
    this.#count++;
  }

  /** Takes a whole block in place of what is there, which must be nothing. */
  adopt(block: FinishedBlock): void {
    this.#finished = block;
    this.#count = block.entryCount;
    this.#keepLast(block.lastKey, 0);
  }

  /** Returns the payload; valid until the next change. An empty block has one restart at 0. */
  finish(): Buffer {
    if (this.#finished) return this.#finished.payload;
    const out = this.#out;
    if (this.#restarts.length === 0) this.#restarts.push(0);
    for (const restart of this.#restarts) out.u32(restart);
    out.u32(this.#restarts.length);
    return out.view();
  }

  reset(): void {
    this.#out.reset();
    this.#restarts = [];
    this.#count = 0;
    this.#lastKeyLength = 0;
    this.#finished = undefined;
  }

  // Never reaches into the trailer of the new key, though it may into the last one's.
  #sharedWithLast({ bytes, start, end }: Slice): number {
    const last = this.#lastKey;
    const limit = Math.min(end - start, this.#lastKeyLength);
    let shared = 0;
    while (shared < limit && last[shared] === bytes[start + shared]) shared++;
    return shared;
  }

  #keepLast(suffix: Slice, shared: number): void {
    const length = shared + suffix.end - suffix.start;
    if (length > this.#lastKey.length) {
      const larger = Buffer.alloc(length * 2);
      this.#lastKey.copy(larger, 0, 0, shared);
      this.#lastKey = larger;
    }
    copySlice(this.#lastKey, shared, suffix);
    this.#lastKeyLength = length;
  }

  #goOn({ payload }: FinishedBlock): void {
    const restartCount = payload.readUInt32LE(payload.length - 4);
    const entriesEnd = payload.length - 4 - 4 * restartCount;
    this.#out.bytes(payload.subarray(0, entriesEnd));
    for (let at = entriesEnd; at < payload.length - 4; at += 4) {
      this.#restarts.push(payload.readUInt32LE(at));
    }
    this.#finished = undefined;
  }

  /** Returns whether the block is closed before a key (with trailer) and value of these lengths. */
  closesBefore(keyLength: number, valueLength: number): boolean {
    if (this.#count === 0) return false;
    const now = this.estimatedBytes;
    if (now >= BLOCK_BYTES_TARGET) return true;
    if (now <= BLOCK_BYTES_THRESHOLD) return false;
    const restart = this.#count % this.restartInterval === 0 ? 4 : 0;
    const lengths = 4 + uvarintLength(keyLength) + uvarintLength(valueLength);
    return now + keyLength + valueLength + restart + lengths > BLOCK_BYTES_TARGET;
  }
}
