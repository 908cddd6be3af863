import { assert } from '../shared/assert.js';
import { compareBytes } from '../shared/bytes.js';
import type { KeySpans } from './key-spans.js';
import type { MetaRange } from './metarange-reader.js';
import type { RangeRecord } from './range-codec.js';
import { compareSlices, sliceOf, type Slice } from './slice.js';
import type { KnownBlock } from './sstable/known-table.js';

/** Goes through the records of one range; see `TableCursor`. */
export interface RecordCursor {
  /** Of the file, for errors. */
  readonly name: string;
  readonly isAtEnd: boolean;
  readonly key: Slice;
  readonly value: Slice;
  /** What the record says is the same or not; two of one key are compared by it. */
  readonly identity: Slice;
  readonly isAtBlockStart: boolean;
  readonly blockBytes: Uint8Array;
  readonly blockEnd: Slice | undefined;
  readonly payload: Buffer;
  readonly stored: Uint8Array | undefined;
  readonly known?: KnownBlock | undefined;
  next(): void;
  skipBlock(lastKey: Slice): void;
  dropBlock(): void;
  advanceTo(key: Slice): void;
}

/**
 * Where one of the two trees stands that are merged: before a range, at a record in it, or at
 * the end. What is replaced is never stood at.
 */
export class MergeSide {
  #at = 0;
  #cursor: RecordCursor | undefined;

  constructor(
    private readonly ranges: MetaRange,
    private readonly replaced: KeySpans,
  ) {
    this.#settle();
  }

  /** The range that comes next, or that was entered; undefined at the end. */
  get range(): RangeRecord | undefined {
    return this.ranges[this.#at];
  }

  /** At a record; undefined before a range. */
  get cursor(): RecordCursor | undefined {
    return this.#cursor;
  }

  get isWithoutSpans(): boolean {
    return this.replaced.isEmpty;
  }

  /** Whether a part of the range may be replaced; then it cannot be taken whole. */
  isTouched(range: RangeRecord): boolean {
    return this.replaced.touch(range);
  }

  /** Goes to the first record of the range. */
  enter(cursor: RecordCursor): void {
    this.#cursor = cursor;
    this.#settle();
  }

  next(): void {
    this.#cursor?.next();
    this.#settle();
  }

  nextRange(): void {
    this.#at++;
    this.#cursor = undefined;
    this.#settle();
  }

  /** Goes past the block, at the beginning of which it stands; `lastKey` if it was read. */
  nextBlock(lastKey: Slice | undefined): void {
    if (lastKey) this.#cursor?.skipBlock(lastKey);
    else this.#cursor?.dropBlock();
    this.#settle();
  }

  #settle(): void {
    for (let range = this.range; range; range = this.range) {
      if (!this.#cursor) {
        if (this.replaced.isEmpty || !this.replaced.covers(range)) return;
        this.#at++;
      } else if (this.#cursor.isAtEnd) {
        this.#at++;
        this.#cursor = undefined;
      } else {
        if (this.replaced.isEmpty || !this.replaced.has(this.#cursor.key)) return;
        this.#cursor.next();
      }
    }
  }
}

/** The tree from which both sides came; asked in ascending order of keys. */
export class MergeBase {
  #at = 0;
  #cursor: RecordCursor | undefined;

  constructor(private readonly ranges: MetaRange) {}

  /** Returns the first range that can have a key between the first and last of another. */
  overlapping({ minKey, maxKey }: RangeRecord): RangeRecord | undefined {
    const range = this.#reaching(sliceOf(minKey));
    return range && compareBytes(range.minKey, maxKey) <= 0 ? range : undefined;
  }

  /** Returns the range that must be opened before `key` is asked for, if one must. */
  unopened(key: Slice): RangeRecord | undefined {
    const range = this.#reaching(key);
    if (!range || this.#cursor || compareSlices(sliceOf(range.minKey), key) > 0) return undefined;
    return range;
  }

  open(cursor: RecordCursor): void {
    this.#cursor = cursor;
  }

  /** Returns a cursor at `key`; undefined when there is no such record. */
  at(key: Slice): RecordCursor | undefined {
    const cursor = this.reached(key);
    return cursor && compareSlices(cursor.key, key) === 0 ? cursor : undefined;
  }

  /** Returns a cursor at the first record from `key` on, if it is in the range that is open. */
  reached(key: Slice): RecordCursor | undefined {
    assert(!this.unopened(key), 'a range of the base is opened before it is asked for');
    this.#cursor?.advanceTo(key);
    return this.#cursor?.isAtEnd === false ? this.#cursor : undefined;
  }

  #reaching(key: Slice): RangeRecord | undefined {
    for (; this.#at < this.ranges.length; this.#at++) {
      const range = this.ranges[this.#at];
      if (range && compareSlices(sliceOf(range.maxKey), key) >= 0) return range;
      this.#cursor = undefined;
    }
    return undefined;
  }
}
