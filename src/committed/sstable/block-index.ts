import { CorruptData } from '../../ports/store-errors.js';
import { lowerBound } from '../../shared/lower-bound.js';
import { ByteReader } from '../byte-reader.js';
import { ByteWriter } from '../byte-writer.js';
import { compareSlices, type Slice } from '../slice.js';
import { BlockCursor } from './block-cursor.js';
import { BLOCK_TRAILER_BYTES, readHandle, type BlockHandle } from './stored-block.js';

/**
 * A table's index, both levels flattened: for each data block a key at or after its last one and
 * before the next block's first, and where it lies. Packed, so that it costs little to keep.
 */
export class BlockIndex {
  constructor(
    private readonly keys: Buffer,
    /** Where key n begins; one more than there are blocks. */
    private readonly keyStarts: Uint32Array,
    private readonly offsets: Float64Array,
    private readonly lengths: Uint32Array,
  ) {}

  get blockCount(): number {
    return this.offsets.length;
  }

  get memoryBytes(): number {
    return this.keys.length + this.blockCount * 16 + 256;
  }

  handle(block: number): BlockHandle {
    return { offset: this.offsets[block] ?? 0, length: this.lengths[block] ?? 0 };
  }

  /** Sets `key` to a key at or after the block's last one. */
  separator(block: number, key: Slice): Slice {
    key.bytes = this.keys;
    key.start = this.keyStarts[block] ?? 0;
    key.end = this.keyStarts[block + 1] ?? 0;
    return key;
  }

  /** Returns the only block that can hold `key`; {@link blockCount} when it is after all. */
  find(key: Slice): number {
    const separator: Slice = { bytes: this.keys, start: 0, end: 0 };
    const isBefore = (block: number) => compareSlices(this.separator(block, separator), key) < 0;
    return lowerBound({ to: this.blockCount }, isBefore);
  }
}

/** Collects index blocks, in their order. */
export class BlockIndexReader {
  readonly #keys = new ByteWriter(4096);
  readonly #keyStarts = [0];
  readonly #offsets: number[] = [];
  readonly #lengths: number[] = [];
  readonly #cursor = new BlockCursor('index');
  #end = 0;

  /** @param endOffset  data blocks lie before it */
  constructor(private readonly endOffset: number) {}

  /** @throws CorruptData  keys or places do not ascend, or a block lies outside of the file */
  add(payload: Buffer): void {
    const cursor = this.#cursor.open(payload);
    const last: Slice = { bytes: this.#keys.buffer, start: 0, end: 0 };
    while (cursor.next()) {
      last.bytes = this.#keys.buffer;
      last.start = this.#keyStarts.at(-2) ?? 0;
      last.end = this.#keys.length;
      if (this.#offsets.length > 0 && compareSlices(last, cursor.key) >= 0) {
        throw new CorruptData('the keys of the index do not ascend');
      }
      const handle = handleOf(cursor.value, this.endOffset);
      // Each block once: else a small file could stand for any amount of records.
      if (handle.offset < this.#end) throw new CorruptData('the blocks of the index overlap');
      this.#end = handle.offset + handle.length + BLOCK_TRAILER_BYTES;
      this.#keys.slice(cursor.key);
      this.#keyStarts.push(this.#keys.length);
      this.#offsets.push(handle.offset);
      this.#lengths.push(handle.length);
    }
  }

  finish(): BlockIndex {
    return new BlockIndex(
      Buffer.from(this.#keys.toBytes()),
      Uint32Array.from(this.#keyStarts),
      Float64Array.from(this.#offsets),
      Uint32Array.from(this.#lengths),
    );
  }
}

/** Returns the places of a top index's partitions. @throws CorruptData */
export function partitionsOf(payload: Buffer, endOffset: number): BlockHandle[] {
  const cursor = new BlockCursor('index').open(payload);
  const handles: BlockHandle[] = [];
  while (cursor.next()) {
    const handle = handleOf(cursor.value, endOffset);
    const before = handles.at(-1);
    if (before && handle.offset < before.offset + before.length) {
      throw new CorruptData('the partitions of the index overlap');
    }
    handles.push(handle);
  }
  return handles;
}

function handleOf(value: Slice, endOffset: number): BlockHandle {
  return readHandle(new ByteReader().set(value.bytes, value.start, value.end), endOffset);
}
