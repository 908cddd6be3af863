import { ByteWriter } from '../byte-writer.js';
import { sliceOf } from '../slice.js';
import { BlockWriter } from './block-writer.js';
import type { IndexKey } from './index-keys.js';
import { storeBlock, writeHandle, type BlockHandle } from './stored-block.js';

// The writer of the format guesses a handle's length when it asks whether the block is full.
const HANDLE_BYTES_GUESS = 20;
const TRAILER_BYTES = 8;

interface Partition {
  readonly payload: Uint8Array;
  readonly lastKey: Uint8Array;
}

export interface WrittenIndex {
  readonly handle: BlockHandle;
  /** As the properties count it. */
  readonly indexBytes: number;
  /** Undefined: a single level. */
  readonly partitions: { readonly count: number; readonly topBytes: number } | undefined;
}

/** Builds the index: one block, or partitions and a block over them once it is full. */
export class IndexWriter {
  readonly #block = new BlockWriter(1);
  readonly #handle = new ByteWriter(20);
  readonly #partitions: Partition[] = [];

  /** Begins anew, and keeps the memory. */
  reset(): void {
    this.#block.reset();
    this.#partitions.length = 0;
  }

  get isEmpty(): boolean {
    return this.#partitions.length === 0 && this.#block.count === 0;
  }

  /** Of the open block alone: closed partitions are not counted by who asks. */
  get openBytes(): number {
    return this.#block.estimatedBytes;
  }

  add({ userKey, trailer }: IndexKey, handle: BlockHandle): void {
    if (this.#block.closesBefore(userKey.length + TRAILER_BYTES, HANDLE_BYTES_GUESS)) {
      this.#closePartition();
    }
    this.#block.add(sliceOf(userKey), trailer, sliceOf(this.#encoded(handle)));
  }

  /** Appends the index to the file. */
  write(file: ByteWriter): WrittenIndex {
    if (this.#partitions.length === 0) {
      const payload = this.#block.finish();
      const indexBytes = payload.length + 5;
      return { handle: storeBlock(file, payload), indexBytes, partitions: undefined };
    }
    this.#closePartition();
    const top = new BlockWriter(1);
    let indexBytes = 5;
    for (const { payload, lastKey } of this.#partitions) {
      indexBytes += payload.length;
      const handle = this.#encoded(storeBlock(file, payload));
      const end = lastKey.length - TRAILER_BYTES;
      top.add({ bytes: lastKey, start: 0, end }, lastKey.subarray(end), sliceOf(handle));
    }
    const payload = top.finish();
    const partitions = { count: this.#partitions.length, topBytes: payload.length };
    return {
      handle: storeBlock(file, payload),
      indexBytes: indexBytes + payload.length,
      partitions,
    };
  }

  #closePartition(): void {
    const lastKey = new Uint8Array(this.#block.lastKey);
    this.#partitions.push({ payload: new Uint8Array(this.#block.finish()), lastKey });
    this.#block.reset();
  }

  #encoded(handle: BlockHandle): Uint8Array {
    this.#handle.reset();
    writeHandle(this.#handle, handle);
    return this.#handle.view();
  }
}
