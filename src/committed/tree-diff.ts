// Where two trees differ. Ranges that both have are passed over by their ids, and blocks that both
// have by their bytes; only of the rest the records are compared. What is read is cut into cells:
// keys of which each side has all records in one block. So a page that begins in the middle costs
// what is on it.
import type { TreeDifference } from '../ports/committed-store.js';
import { compareBytes } from '../shared/bytes.js';
import { BlockWalk, type WalkedFiles } from './block-walk.js';
import {
  compareCells,
  DifferenceReader,
  type Cell,
  type CellBatch,
  type TakeDifference,
} from './compare-blocks.js';
import { decodeEntry } from './entry-codec.js';
import { findRange, type MetaRange } from './metarange-reader.js';
import { pathOf } from './range-reader.js';
import { compareSlices, copyOf, sliceOf, type Slice } from './slice.js';
import { nextTurn } from './turn.js';

export interface DiffInput {
  readonly left: MetaRange;
  readonly right: MetaRange;
  readonly files: WalkedFiles;
  /** Compares on another thread; undefined: all is done on the caller's. */
  readonly compare: ((batch: CellBatch) => Promise<Uint8Array>) | undefined;
}

export interface DiffSpan {
  /** Inclusive. */
  readonly from: Uint8Array;
  /** Exclusive. */
  readonly until?: Uint8Array;
  readonly limit: number;
}

/** Cells that are compared on the caller's thread, before another is asked: some milliseconds. */
const INLINE_CELLS_MAX = 64;
const INLINE_CELLS_PER_TURN = 16;
/** Steps that compare nothing, between two turns. */
const STEPS_PER_TURN = 500;
const BATCH_CELLS = 64;
/** Batches that wait for their answers. */
const BATCHES_MAX = 3;
/** Differences that are decoded between two turns. */
const DECODED_PER_TURN = 500;

/** @throws CorruptData, or BlockNotFound */
export async function diffTrees(input: DiffInput, span: DiffSpan): Promise<TreeDifference[]> {
  if (span.limit <= 0) return [];
  return new TreeDiff(input, span).run();
}

class TreeDiff {
  readonly #left: BlockWalk;
  readonly #right: BlockWalk;
  readonly #from: Slice;
  readonly #until: Slice | undefined;
  readonly #found: TreeDifference[] = [];
  /** All keys up to here were compared. */
  #after: Uint8Array | undefined;
  #inlineCells = 0;
  #cells: Cell[] = [];
  readonly #asked: Promise<Uint8Array>[] = [];

  constructor(
    private readonly input: DiffInput,
    private readonly span: DiffSpan,
  ) {
    this.#from = sliceOf(span.from);
    this.#until = span.until && sliceOf(span.until);
    const { left, right, files } = input;
    this.#left = new BlockWalk(left, files, findRange(left, this.#from));
    this.#right = new BlockWalk(right, files, findRange(right, this.#from));
  }

  async run(): Promise<TreeDifference[]> {
    let untilTurn = STEPS_PER_TURN;
    while (!this.#isFull && !this.#isOver()) {
      await this.#step();
      if (--untilTurn > 0) continue;
      untilTurn = STEPS_PER_TURN;
      await nextTurn();
    }
    await this.#ask();
    while (!this.#isFull && this.#asked.length > 0) await this.#hear();
    return this.#found;
  }

  get #isFull(): boolean {
    return this.#found.length >= this.span.limit;
  }

  #isOver(): boolean {
    const [left, right] = [this.#left, this.#right];
    if (!left.range && !right.range) return true;
    if (!this.#until) return false;
    const after = this.#after && sliceOf(this.#after);
    if (after && compareSlices(after, this.#until) >= 0) return true;
    return [left, right].every(({ range, isInside, minKey }) => {
      return !range || (!isInside && !!minKey && compareSlices(minKey, this.#until ?? minKey) >= 0);
    });
  }

  async #step(): Promise<void> {
    const [left, right] = [this.#left, this.#right];
    if (!left.isInside && !right.isInside) {
      if (left.range?.id === right.range?.id) {
        left.nextRange();
        right.nextRange();
        return;
      }
      await firstOf(left, right).enter(this.#from);
    }
    const inside = left.isInside ? left : right;
    const other = inside === left ? right : left;
    if (!other.isInside && other.minKey && compareSlices(other.minKey, inside.blockEnd) <= 0) {
      await other.enter(this.#from);
    }
    await this.#compareBlocks(left.isInside ? left : undefined, right.isInside ? right : undefined);
  }

  /** Compares what lies up to the end of the block that ends first. */
  async #compareBlocks(left: BlockWalk | undefined, right: BlockWalk | undefined): Promise<void> {
    const end = copyOf(firstEnd(left, right));
    const ours = left && { name: left.name, bytes: await left.blockBytes() };
    const theirs = right && { name: right.name, bytes: await right.blockBytes() };
    // Blocks of equal bytes have equal records, wherever they begin and end.
    if (!ours || !theirs || compareBytes(ours.bytes, theirs.bytes) !== 0) {
      await this.#compare({ left: ours, right: theirs, after: this.#after, end });
    }
    this.#after = end;
    left?.leave(sliceOf(end));
    right?.leave(sliceOf(end));
  }

  async #compare(cell: Cell): Promise<void> {
    if (!this.input.compare || this.#inlineCells < INLINE_CELLS_MAX) {
      compareCells(this.#batchOf([cell]), this.#take);
      if (++this.#inlineCells % INLINE_CELLS_PER_TURN === 0) await nextTurn();
      return;
    }
    // Copies: the bytes are a part of a larger buffer, all of which would go along.
    const own = (block: Cell['left']) => block && { ...block, bytes: new Uint8Array(block.bytes) };
    this.#cells.push({ ...cell, left: own(cell.left), right: own(cell.right) });
    if (this.#cells.length >= BATCH_CELLS) await this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#cells.length === 0 || !this.input.compare || this.#isFull) return;
    const answer = this.input.compare(this.#batchOf(this.#cells));
    // It is awaited later, and may fail before that; or nobody needs it any more.
    answer.catch(() => {});
    this.#cells = [];
    this.#asked.push(answer);
    if (this.#asked.length >= BATCHES_MAX) await this.#hear();
  }

  async #hear(): Promise<void> {
    const bytes = await this.#asked.shift();
    if (!bytes) return;
    const reader = new DifferenceReader(bytes);
    for (let count = 1; !this.#isFull; count++) {
      if (!reader.next(this.#take)) return;
      if (count % DECODED_PER_TURN === 0) await nextTurn();
    }
  }

  #batchOf(cells: readonly Cell[]): CellBatch {
    const { from, until, limit } = this.span;
    return {
      cells,
      from: new Uint8Array(from),
      until: until && new Uint8Array(until),
      limit: limit - this.#found.length,
    };
  }

  readonly #take: TakeDifference = (key, left, right) => {
    this.#found.push({
      path: pathOf(key),
      left: left && decodeEntry(left),
      right: right && decodeEntry(right),
    });
  };
}

/** Returns the walk whose range begins first; one of them stands before a range. */
function firstOf(left: BlockWalk, right: BlockWalk): BlockWalk {
  if (!left.minKey) return right;
  return !right.minKey || compareSlices(left.minKey, right.minKey) <= 0 ? left : right;
}

function firstEnd(left: BlockWalk | undefined, right: BlockWalk | undefined): Slice {
  const [ours, theirs] = [left?.blockEnd, right?.blockEnd];
  if (!ours || !theirs) return ours ?? theirs ?? sliceOf(new Uint8Array());
  return compareSlices(ours, theirs) <= 0 ? ours : theirs;
}
