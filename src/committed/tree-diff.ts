// Where two trees differ. Ranges that both have are passed over by their ids, and blocks that both
// have by their bytes; only of the rest the records are compared. What is read is cut into cells:
// keys of which each side has all records in one block. So a page that begins in the middle costs
// what is on it.
import type { TreeDifference } from '../ports/committed-store.js';
import { compareBytes } from '../shared/bytes.js';
import { BlockWalk, type WalkedFiles } from './block-walk.js';
import { compareCells, type Cell, type CellBounds, type TakeDifference } from './compare-blocks.js';
import { CellWriter, DifferenceReader, type CellBatch } from './compare-codec.js';
import { decodeEntry } from './entry-codec.js';
import { findRange, type MetaRange } from './metarange-reader.js';
import { pathOf } from './range-reader.js';
import { compareSlices, sliceOf, viewOf, type Slice } from './slice.js';
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
  #after: Slice | undefined;
  #inlineCells = 0;
  readonly #cells = new CellWriter();
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
      const waiting = this.#step();
      if (waiting) await waiting;
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
    if (this.#after && compareSlices(this.#after, this.#until) >= 0) return true;
    return [left, right].every(({ range, isInside, minKey }) => {
      return !range || (!isInside && !!minKey && compareSlices(minKey, this.#until ?? minKey) >= 0);
    });
  }

  /** @returns what must be awaited before the next step, if anything must */
  #step(): Promise<void> | undefined {
    const [left, right] = [this.#left, this.#right];
    if (!left.isInside && !right.isInside) {
      if (left.range?.id !== right.range?.id) return firstOf(left, right).enter(this.#from);
      left.nextRange();
      right.nextRange();
      return undefined;
    }
    const inside = left.isInside ? left : right;
    const other = inside === left ? right : left;
    if (other.isInside) return this.#compareBlocks(left, right);
    if (other.minKey && compareSlices(other.minKey, inside.blockEnd) <= 0) {
      return other.enter(this.#from);
    }
    return inside === left
      ? this.#compareBlocks(left, undefined)
      : this.#compareBlocks(undefined, right);
  }

  /** Compares what lies up to the end of the block that ends first. */
  #compareBlocks(left?: BlockWalk, right?: BlockWalk): Promise<void> | undefined {
    const ours = left?.blockBytes;
    const theirs = right?.blockBytes;
    if (left && !ours) return left.load();
    if (right && !theirs) return right.load();
    const end = firstEnd(left, right);
    // Blocks of equal bytes have equal records, wherever they begin and end.
    const isEqual = ours && theirs && compareBytes(ours, theirs) === 0;
    const cell: Cell | undefined = isEqual
      ? undefined
      : {
          left: left && ours && { name: left.name, bytes: ours },
          right: right && theirs && { name: right.name, bytes: theirs },
          after: this.#after && viewOf(this.#after),
          end: viewOf(end),
        };
    this.#after = end;
    left?.leave(end);
    right?.leave(end);
    return cell && this.#compare(cell);
  }

  #compare(cell: Cell): Promise<void> | undefined {
    if (!this.input.compare || this.#inlineCells < INLINE_CELLS_MAX) {
      compareCells([cell], this.#bounds, this.#take);
      return ++this.#inlineCells % INLINE_CELLS_PER_TURN === 0 ? nextTurn() : undefined;
    }
    this.#cells.add(cell);
    return this.#cells.count >= BATCH_CELLS ? this.#ask() : undefined;
  }

  async #ask(): Promise<void> {
    if (this.#cells.count === 0 || !this.input.compare || this.#isFull) return;
    const answer = this.input.compare({ ...this.#bounds, ...this.#cells.take() });
    // It is awaited later, and may fail before that; or nobody needs it any more.
    answer.catch(() => {});
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

  get #bounds(): CellBounds {
    const { from, until, limit } = this.span;
    return { from, until, limit: limit - this.#found.length };
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
