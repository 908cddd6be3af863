// Three trees to the ranges of a merged one.
//
// What each key becomes is a function of that key's records alone. Which ranges are referenced
// as they are, and which are entered and written anew, is as the format's first writer has it,
// for it decides where the new ranges begin, and so the ids. A range is referenced when both
// sides have it, when one side has another in its place and the base has this one, or when
// nothing on the other side and in the base has a key where it lies.
//
// Source: docs/formats/range.md, "Merging".
import type { KeySpan, MergeStrategy } from '../ports/committed-store.js';
import { assert } from '../shared/assert.js';
import { compareBytes } from '../shared/bytes.js';
import { KeySpans } from './key-spans.js';
import { MergeBase, MergeSide, type RecordCursor } from './merge-side.js';
import type { MetaRange } from './metarange-reader.js';
import type { RangeRecord } from './range-codec.js';
import { compareSlices, sliceOf, type Slice } from './slice.js';
import { TURN_RECORDS_MAX } from './turn.js';

export interface MergeInput {
  readonly base: MetaRange;
  readonly source: MetaRange;
  readonly destination: MetaRange;
  readonly replaced: readonly KeySpan[];
  readonly strategy: MergeStrategy;
}

/** Takes what a merge gives, in order of keys. */
export interface MergeSink {
  /** Takes a range as it is. */
  range(range: RangeRecord): void;
  record(key: Slice, value: Slice): void;
  /**
   * Takes the whole block, at the beginning of which a cursor stands.
   *
   * @returns its last key; undefined when it was not taken, and its records must be
   */
  block(cursor: RecordCursor): Slice | undefined;
  /** Takes a key of which nobody says what it becomes. @returns whether that is enough of them */
  conflict(key: Slice): boolean;
}

/** Asks for a range to be opened, and is given a cursor; undefined asks for a turn. */
export type MergeSteps = Generator<RangeRecord | undefined, void, RecordCursor | undefined>;

/** About as many as a block has; a turn is not to hold too many of them. */
const BLOCK_RECORDS = 40;

/** Merges, step by step: synchronous but for what it asks for. @throws CorruptData */
export function threeWayMerge(input: MergeInput, sink: MergeSink): MergeSteps {
  return new ThreeWayMerge(input, sink).run();
}

class ThreeWayMerge {
  readonly #base: MergeBase;
  readonly #source: MergeSide;
  readonly #destination: MergeSide;
  #isEnough = false;

  constructor(
    private readonly input: MergeInput,
    private readonly sink: MergeSink,
  ) {
    this.#base = new MergeBase(input.base);
    this.#source = new MergeSide(input.source, new KeySpans([]));
    this.#destination = new MergeSide(input.destination, new KeySpans(input.replaced));
  }

  *run(): MergeSteps {
    let untilTurn = TURN_RECORDS_MAX;
    while ((this.#source.range || this.#destination.range) && !this.#isEnough) {
      if (untilTurn <= 0) {
        untilTurn = TURN_RECORDS_MAX;
        yield undefined;
      }
      untilTurn--;
      const key = this.#nextKey();
      if (!key) {
        for (const side of this.#entered()) side.enter(opened(yield side.range));
        continue;
      }
      const unopened = this.#base.unopened(key);
      if (unopened) this.#base.open(opened(yield unopened));
      if (this.#takeBlocks(key)) untilTurn -= BLOCK_RECORDS;
      else this.#takeRecords(key);
    }
  }

  /** Returns the next key when it is sure that it is that: no range may hold one before it. */
  #nextKey(): Slice | undefined {
    const source = this.#source.cursor?.key;
    const destination = this.#destination.cursor?.key;
    if (source && destination) {
      return compareSlices(source, destination) <= 0 ? source : destination;
    }
    const key = source ?? destination;
    const other = source ? this.#destination.range : this.#source.range;
    return key && (!other || compareSlices(sliceOf(other.minKey), key) > 0) ? key : undefined;
  }

  /** Settles what can be without a look into ranges. @returns who must enter its range */
  #entered(): readonly MergeSide[] {
    const [source, destination] = [this.#source, this.#destination];
    if (source.cursor || !source.range) return this.#alone(destination) ? [] : [destination];
    if (destination.cursor || !destination.range) return this.#alone(source) ? [] : [source];
    const order = orderOf(source.range, destination.range);
    const isSettled =
      order === 0 ? this.#together() : this.#alone(order < 0 ? source : destination);
    return isSettled ? [] : [source, destination];
  }

  /** Takes the ranges that both sides stand before, or one of them, if that is sure. */
  #together(): boolean {
    const source = this.#source.range;
    const destination = this.#destination.range;
    assert(source && destination, 'both sides stand before a range');
    if (!hasSameBounds(source, destination)) return false;
    // Only now, since the base is asked in order: of other bounds one begins before the source's.
    const base = this.#base.overlapping(source);
    const isTouched = this.#destination.isTouched(destination);
    if (source.id === destination.id) {
      // What is replaced and stands in the base as well counts as deleted.
      if (isTouched && base) return false;
      this.sink.range(source);
    } else {
      if (isTouched || (base?.id !== source.id && base?.id !== destination.id)) return false;
      this.sink.range(base.id === source.id ? destination : source);
    }
    this.#source.nextRange();
    this.#destination.nextRange();
    return true;
  }

  /** Takes or leaves out a range where the other side has nothing, if that is sure. */
  #alone(side: MergeSide): boolean {
    const range = side.range;
    assert(range, 'the side stands before a range');
    const other = side === this.#source ? this.#destination : this.#source;
    const next = other.cursor ? other.cursor.key : other.range && sliceOf(other.range.minKey);
    if (next && compareSlices(sliceOf(range.maxKey), next) >= 0) return false;
    if (side.isTouched(range)) return false;
    const base = this.#base.overlapping(range);
    if (base && base.id !== range.id) return false;
    // What the base has is what the other side deleted.
    if (!base) this.sink.range(range);
    side.nextRange();
    return true;
  }

  /**
   * Takes the source's block at once where the destination has the same, or still the base's.
   * Blocks of equal bytes have equal records, whatever else is in their files. (Where the source
   * has the base's, the destination's cannot be taken: of two records of one identity the
   * source's is kept.)
   */
  #takeBlocks(key: Slice): boolean {
    const source = this.#source.cursor;
    const destination = this.#destination.cursor;
    if (!source?.isAtBlockStart || !destination?.isAtBlockStart) return false;
    if (!this.#destination.isWithoutSpans) return false;
    if (compareBytes(source.blockBytes, destination.blockBytes) !== 0) {
      const base = this.#base.reached(key);
      if (!base?.isAtBlockStart || !endTogether(source, destination, base)) return false;
      if (compareBytes(base.blockBytes, destination.blockBytes) !== 0) return false;
    }
    this.#destination.nextBlock(undefined);
    this.#takeBlock(this.#source);
    return true;
  }

  #takeBlock(side: MergeSide): void {
    const cursor = side.cursor;
    assert(cursor, 'the side stands in a range');
    const lastKey = this.sink.block(cursor);
    if (lastKey) return side.nextBlock(lastKey);
    do {
      this.sink.record(cursor.key, cursor.value);
      side.next();
    } while (side.cursor && !side.cursor.isAtBlockStart);
  }

  #takeRecords(key: Slice): void {
    const source = atKey(this.#source, key);
    const destination = atKey(this.#destination, key);
    const both = source && destination;
    const kept = both ? this.#ofBoth(source, destination) : this.#ofOne(source ?? destination, key);
    if (kept === 'conflict') this.#isEnough = this.sink.conflict(key);
    else if (kept) this.sink.record(kept.key, kept.value);
    if (source) this.#source.next();
    if (destination) this.#destination.next();
  }

  #ofBoth(source: RecordCursor, destination: RecordCursor): RecordCursor | 'conflict' {
    if (isSame(source, destination)) return source;
    const base = this.#base.at(source.key);
    if (base && isSame(source, base)) return destination;
    if (base && isSame(destination, base)) return source;
    if (this.input.strategy === 'default') return 'conflict';
    return this.input.strategy === 'source-wins' ? source : destination;
  }

  /** Of a key that one side has: it was added there, or deleted on the other side. */
  #ofOne(only: RecordCursor | undefined, key: Slice): RecordCursor | 'conflict' | undefined {
    assert(only, 'a side stands at the key');
    const base = this.#base.at(key);
    if (!base) return only;
    if (isSame(only, base)) return undefined;
    if (this.input.strategy === 'default') return 'conflict';
    const winner = this.input.strategy === 'source-wins' ? this.#source : this.#destination;
    return winner.cursor === only ? only : undefined;
  }
}

function opened(cursor: RecordCursor | undefined): RecordCursor {
  assert(cursor, 'a range that was asked for is given');
  return cursor;
}

const isSame = (left: RecordCursor, right: RecordCursor): boolean =>
  compareSlices(left.identity, right.identity) === 0;

function atKey(side: MergeSide, key: Slice): RecordCursor | undefined {
  const cursor = side.cursor;
  return cursor && compareSlices(cursor.key, key) === 0 ? cursor : undefined;
}

/** @returns below 0, above 0: the left or the right range ends before the other begins */
function orderOf(left: RangeRecord, right: RangeRecord): number {
  if (compareBytes(left.maxKey, right.minKey) < 0) return -1;
  return compareBytes(right.maxKey, left.minKey) < 0 ? 1 : 0;
}

const hasSameBounds = (left: RangeRecord, right: RangeRecord): boolean =>
  compareBytes(left.minKey, right.minKey) === 0 && compareBytes(left.maxKey, right.maxKey) === 0;

function endTogether(...cursors: readonly [RecordCursor, RecordCursor, RecordCursor]): boolean {
  const [first, second, third] = cursors.map(({ blockEnd }) => blockEnd);
  if (!first || !second || !third) return false;
  return compareSlices(first, second) === 0 && compareSlices(first, third) === 0;
}
