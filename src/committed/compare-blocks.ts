import { DIGEST_BYTES } from '../shared/content-hash.js';
import { inFile } from './corrupt.js';
import { compareSlices, sliceOf, type Slice } from './slice.js';
import { BlockCursor } from './sstable/block-cursor.js';
import { openStoredBlock } from './sstable/stored-block.js';
import { emptyParts, readValue } from './value-codec.js';

/** A block as it lies in its file. */
export interface NamedBlock {
  /** Of the file, for errors. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Keys of which each side has all records in one block, or none. */
export interface Cell {
  readonly left: NamedBlock | undefined;
  readonly right: NamedBlock | undefined;
  /** Exclusive; undefined: from the beginning. */
  readonly after: Uint8Array | undefined;
  /** Inclusive. */
  readonly end: Uint8Array;
}

/** What of the cells is wanted. */
export interface CellBounds {
  /** Inclusive. */
  readonly from: Uint8Array;
  /** Exclusive; undefined: to the end. */
  readonly until: Uint8Array | undefined;
  readonly limit: number;
}

/** Takes a difference: data of both sides, at least one; valid during the call. */
export type TakeDifference = (
  key: Slice,
  left: Slice | undefined,
  right: Slice | undefined,
) => void;

const none: Slice = { bytes: new Uint8Array(), start: 0, end: 0 };

/** One side of a cell: its records between two keys. */
class Records {
  readonly #cursor = new BlockCursor('record');
  readonly #parts = emptyParts();
  name = '';
  #end: Slice = none;
  #until: Slice | undefined;
  isOver = true;

  open(block: NamedBlock | undefined, cell: Cell, bounds: CellBounds): void {
    this.isOver = true;
    if (!block) return;
    const { from, until } = bounds;
    this.name = block.name;
    this.#end = sliceOf(cell.end);
    this.#until = until && sliceOf(until);
    const after = cell.after && sliceOf(cell.after);
    const isFromLater = !after || compareSlices(after, sliceOf(from)) < 0;
    const start = isFromLater ? sliceOf(from) : after;
    inFile(block.name, () => {
      const cursor = this.#cursor.open(openStoredBlock(block.bytes));
      this.isOver = !cursor.seek(start);
      if (!this.isOver && !isFromLater && compareSlices(cursor.key, start) === 0) {
        this.isOver = !cursor.next();
      }
    });
    this.#checkEnd();
  }

  get key(): Slice {
    return this.#cursor.key;
  }

  get value(): Slice {
    return this.#cursor.value;
  }

  /** Identity and data of the record; valid until the next move. */
  get parts(): { readonly identity: Slice; readonly data: Slice } {
    return inFile(this.name, () => readValue(this.#cursor.value, this.#parts));
  }

  next(): void {
    inFile(this.name, () => {
      this.isOver = !this.#cursor.next();
    });
    this.#checkEnd();
  }

  #checkEnd(): void {
    if (this.isOver) return;
    const isBeyond = compareSlices(this.key, this.#end) > 0;
    this.isOver = isBeyond || (!!this.#until && compareSlices(this.key, this.#until) >= 0);
  }
}

/** What stands before an identity in a value: its length. */
const IDENTITY_HEAD = DIGEST_BYTES * 2;
const IDENTITY_BYTES = 1 + DIGEST_BYTES;

const left = new Records();
const right = new Records();

/**
 * Finds the differences in cells, in order, at most so many.
 *
 * @returns how many there were
 * @throws CorruptData  naming the file
 */
export function compareCells(
  cells: Iterable<Cell>,
  bounds: CellBounds,
  take: TakeDifference,
): number {
  let count = 0;
  for (const cell of cells) {
    left.open(cell.left, cell, bounds);
    right.open(cell.right, cell, bounds);
    while (count < bounds.limit && !(left.isOver && right.isOver)) {
      if (takeNext(take)) count++;
    }
    if (count >= bounds.limit) break;
  }
  return count;
}

/**
 * Whether two values begin with one and the same identity, of the usual length: then they stand for
 * the same object, and nothing else of them needs to be read.
 */
function haveOneIdentity(ours: Slice, theirs: Slice): boolean {
  if (ours.end - ours.start < IDENTITY_BYTES || theirs.end - theirs.start < IDENTITY_BYTES) {
    return compareSlices(ours, theirs) === 0;
  }
  const { bytes, start } = ours;
  if (bytes[start] !== IDENTITY_HEAD) return compareSlices(ours, theirs) === 0;
  for (let at = 0; at < IDENTITY_BYTES; at++) {
    if (bytes[start + at] !== theirs.bytes[theirs.start + at]) return false;
  }
  return true;
}

/** @returns whether the next key is a difference */
function takeNext(take: TakeDifference): boolean {
  const order = left.isOver ? 1 : right.isOver ? -1 : compareSlices(left.key, right.key);
  let isDifference = true;
  if (order < 0) {
    inFile(left.name, () => take(left.key, left.parts.data, undefined));
  } else if (order > 0) {
    inFile(right.name, () => take(right.key, undefined, right.parts.data));
  } else if (haveOneIdentity(left.value, right.value)) {
    isDifference = false;
  } else {
    const [ours, theirs] = [left.parts, right.parts];
    isDifference = compareSlices(ours.identity, theirs.identity) !== 0;
    if (isDifference) inFile(right.name, () => take(left.key, ours.data, theirs.data));
  }
  if (order <= 0) left.next();
  if (order >= 0) right.next();
  return isDifference;
}
