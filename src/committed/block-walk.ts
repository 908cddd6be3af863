import type { MetaRange } from './metarange-reader.js';
import type { RangeRecord } from './range-codec.js';
import { compareSlices, sliceOf, type Slice } from './slice.js';
import { BLOCK_TRAILER_BYTES } from './sstable/stored-block.js';
import { fileName, type OpenTable } from './table-files.js';

/** Gives the walk its files, and parts of those that are not kept whole. */
export interface WalkedFiles {
  open(range: RangeRecord): Promise<OpenTable>;
  bytes(table: OpenTable, start: number, end: number): Promise<Uint8Array>;
}

// What is read at once of a file that is not kept as a whole: a walk that goes on reads more and
// more.
const READ_AHEAD_BYTES = 256 * 1024;
const READ_AHEAD_BYTES_MAX = 2 * 1024 * 1024;

const none = new Uint8Array();

/** Walks the blocks of a tree as they lie in their files, and past ranges that are not entered. */
export class BlockWalk {
  #at: number;
  #table: OpenTable | undefined;
  #name = '';
  #block = 0;
  #aheadBytes = READ_AHEAD_BYTES;
  #window: { readonly start: number; readonly bytes: Uint8Array } | undefined;

  /** @param first  the place of the first range that is wanted */
  constructor(
    private readonly ranges: MetaRange,
    private readonly files: WalkedFiles,
    first: number,
  ) {
    this.#at = first;
  }

  /** The range that comes next, or that was entered; undefined at the end. */
  get range(): RangeRecord | undefined {
    return this.ranges[this.#at];
  }

  get isInside(): boolean {
    return this.#table !== undefined;
  }

  /** Of the file, for errors. */
  get name(): string {
    return this.#name;
  }

  /** A key at or after the block's last, and before any that comes after the block. */
  get blockEnd(): Slice {
    const { index } = this.#open().layout;
    if (this.#block + 1 >= index.blockCount && this.range) return sliceOf(this.range.maxKey);
    return index.separator(this.#block, { bytes: none, start: 0, end: 0 });
  }

  /** Goes to the first block of the range that can have a key from `from` on. */
  async enter(from: Slice): Promise<void> {
    const range = this.range;
    if (!range) return;
    const table = await this.files.open(range);
    this.#table = table;
    this.#name = fileName(table.address);
    this.#block = Math.min(table.layout.index.find(from), table.layout.index.blockCount - 1);
  }

  /** The block with its trailer; undefined when it must be loaded first. Valid until the next. */
  get blockBytes(): Uint8Array | undefined {
    const table = this.#open();
    const { offset, length } = table.layout.index.handle(this.#block);
    const end = offset + length + BLOCK_TRAILER_BYTES;
    if (table.whole) return table.whole.subarray(offset, end);
    const kept = this.#window;
    if (!kept || offset < kept.start || end > kept.start + kept.bytes.length) return undefined;
    return kept.bytes.subarray(offset - kept.start, end - kept.start);
  }

  /** Loads the block, and some after it. */
  async load(): Promise<void> {
    const table = this.#open();
    const { index } = table.layout;
    const { offset, length } = index.handle(this.#block);
    const last = index.handle(index.blockCount - 1);
    const dataEnd = last.offset + last.length + BLOCK_TRAILER_BYTES;
    const end = offset + length + BLOCK_TRAILER_BYTES;
    const until = Math.max(end, Math.min(dataEnd, offset + this.#aheadBytes));
    this.#aheadBytes = Math.min(this.#aheadBytes * 2, READ_AHEAD_BYTES_MAX);
    this.#window = { start: offset, bytes: await this.files.bytes(table, offset, until - 1) };
  }

  nextRange(): void {
    this.#at++;
    this.#table = undefined;
    this.#window = undefined;
  }

  /** Goes past the block if nothing of it lies after `key`. */
  leave(key: Slice): void {
    if (compareSlices(this.blockEnd, key) > 0) return;
    this.#block++;
    if (this.#block >= this.#open().layout.index.blockCount) this.nextRange();
  }

  /** The smallest key that the range can have, once it was not entered. */
  get minKey(): Slice | undefined {
    return this.range && sliceOf(this.range.minKey);
  }

  #open(): OpenTable {
    if (!this.#table) throw new Error('a block is asked for before its range was entered');
    return this.#table;
  }
}
