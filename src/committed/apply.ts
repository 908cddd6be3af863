// A base metarange and changes, to the ranges of a new one.
//
// - A range of the base whose last key is before the next change is referenced as it is; any
//   other is entered, and its records are written anew together with the changes. So are changes
//   that lie before a range's first key.
// - An object that is staged as it was (same identity) keeps the base's record.
// - Ranges are cut from where the writer stands, so the same base and changes give the same files
//   on any node; independent parts are built at the same time only where a cut is sure.
//
// Source: docs/formats/range.md, "Committing".
import type { ChangeBatch, PackedChanges, RangeParameters } from '../ports/committed-store.js';
import { assert } from '../shared/assert.js';
import { PackedRows } from '../shared/packed-rows.js';
import { ChangeBatchWriter } from './change-batch.js';
import { isRagged } from './ends-range.js';
import { takeLittle } from './little-work.js';
import type { MetaRange } from './metarange-reader.js';
import { Outbox } from './outbox.js';
import type { RangeRecord } from './range-codec.js';
import type { ChangeCounts } from './range-rewriter.js';
import type { BuiltRange } from './range-writer.js';
import { countOf, type RewriteSession, type RewriteSessions } from './rewrite-session.js';
import { compareSlices, copyOf, copySlice, sliceOf, type Slice } from './slice.js';
import { isTombstone } from './staged-rows.js';
import type { BoundedFile } from './table-cursor.js';
import { nextTurn, TURN_RECORDS_MAX } from './turn.js';

export interface ApplyContext {
  readonly base: MetaRange;
  readonly parameters: RangeParameters;
  /** For little work, and for all other. */
  readonly sessions: { readonly small: RewriteSessions; readonly large: RewriteSessions };
  fileOf(range: RangeRecord): Promise<BoundedFile>;
  store(range: BuiltRange): Promise<void>;
}

export interface Applied {
  readonly ranges: readonly RangeRecord[];
  readonly counts: ChangeCounts;
  /** Resolves when every range is durable; to be awaited. @throws what the store threw */
  readonly stored: Promise<void>;
}

type Changes = AsyncIterable<ChangeBatch>;

const BATCH_BYTES = 256 * 1024;
/** Parts that are being built at once. */
const PARTS_MAX = 8;

/** @throws CorruptData, BlockNotFound, and what `changes` throws; ranges may be stored by then */
export async function applyChanges(changes: Changes, context: ApplyContext): Promise<Applied> {
  const source = changes[Symbol.asyncIterator]();
  const first = await takeLittle(source, context.base);
  const { small, large } = context.sessions;
  const applying = new Applying(context, first.isAll ? small : large);
  try {
    let ahead = first.isAll ? undefined : begun(source);
    for (const batch of first.batches) await applying.feed(batch);
    for (let next = await ahead; next && !next.done; next = await ahead) {
      ahead = begun(source);
      await applying.feed(next.value);
    }
    return await applying.finish();
  } catch (error) {
    await applying.drop();
    await source.return?.();
    throw error;
  }
}

/** Begins to read the next batch; whoever wants it awaits it. */
function begun(source: AsyncIterator<ChangeBatch>): Promise<IteratorResult<ChangeBatch>> {
  const next = source.next();
  next.catch(() => undefined);
  return next;
}

/** Ranges that come of one session, in place of others. */
interface Part {
  readonly ranges: RangeRecord[];
  readonly session: RewriteSession;
  ended: Promise<ChangeCounts> | undefined;
}

/** One walk over base and changes. */
class Applying {
  readonly #slots: (RangeRecord | Part)[] = [];
  readonly #outbox: Outbox;
  readonly #batch = new ChangeBatchWriter();
  readonly #running: Part[] = [];
  readonly #counts: ChangeCounts = { addedCount: 0, changedCount: 0, removedCount: 0 };
  #part: Part | undefined;
  #at = 0;
  #isEntered = false;
  #lastKey: Slice = { bytes: Buffer.alloc(1024), start: 0, end: 0 };
  #untilTurn = TURN_RECORDS_MAX;

  constructor(
    private readonly context: ApplyContext,
    private readonly sessions: RewriteSessions,
  ) {
    this.#outbox = new Outbox((range) => context.store(range));
  }

  async feed(changes: ChangeBatch): Promise<void> {
    if ('packed' in changes) return this.#feedPacked(changes);
    for (const change of changes) {
      const key = this.#batch.begin(change);
      assert(compareSlices(this.#lastKey, key) < 0, 'changes come in ascending order');
      if (this.#mustMove(key)) await this.#moveTo(key);
      this.#batch.add(change);
      this.#keepLast(key);
      const isCut = change.entry !== undefined && !this.#isEntered && this.#isSureCut(key);
      if (isCut) await this.#endPart();
      else if (this.#batch.length >= BATCH_BYTES) await this.#flush();
      if (--this.#untilTurn > 0) continue;
      this.#untilTurn = TURN_RECORDS_MAX;
      await nextTurn();
    }
  }

  /** As `feed`, of rows that go on as they are: only their keys are looked at here. */
  async #feedPacked({ packed }: PackedChanges): Promise<void> {
    await this.#flush();
    const rows = new PackedRows(packed);
    // In turns the key of a row and that of the one before it.
    let key: Slice = { bytes: packed, start: 0, end: 0 };
    let other: Slice = { bytes: packed, start: 0, end: 0 };
    let from = 0;
    let isCut = false;
    while (rows.next()) {
      key.start = rows.keyStart;
      key.end = rows.keyEnd;
      assert(compareSlices(this.#lastKey, key) < 0, 'changes come in ascending order');
      if (this.#mustMove(key)) {
        await this.#sendRows(packed.subarray(from, rows.rowStart));
        from = rows.rowStart;
        await this.#moveTo(key);
      }
      this.#lastKey = key;
      isCut = !this.#isEntered && !isTombstone(rows) && this.#isSureCut(key);
      [key, other] = [other, key];
      if (isCut && rows.rowEnd < packed.length) {
        await this.#sendRows(packed.subarray(from, rows.rowEnd));
        from = rows.rowEnd;
        await this.#endPart();
      }
      if (--this.#untilTurn > 0) continue;
      this.#untilTurn = TURN_RECORDS_MAX;
      await nextTurn();
    }
    // Before the rows are given away with it.
    this.#lastKey = sliceOf(copyOf(this.#lastKey));
    await this.#sendRows(packed.subarray(from));
    if (isCut) await this.#endPart();
  }

  async #sendRows(packed: Uint8Array): Promise<void> {
    if (packed.length === 0) return;
    await this.#opened().session.rows(packed);
    await this.#outbox.room();
  }

  async finish(): Promise<Applied> {
    if (this.#isEntered) await this.#leave();
    await this.#endPart();
    for (; this.#at < this.context.base.length; this.#at++) this.#slots.push(this.#current());
    while (this.#running.length > 0) await this.#awaitOldest();
    const stored = this.#outbox.finish(countOf(this.#counts) > 0);
    // Whoever takes the result awaits it; until then its failure is nobody's.
    stored.catch(() => undefined);
    const ranges = this.#slots.flatMap((slot) => ('session' in slot ? slot.ranges : slot));
    return { ranges, counts: this.#counts, stored };
  }

  async drop(): Promise<void> {
    this.#part?.session.drop();
    for (const part of this.#running) part.session.drop();
    await this.#outbox.drop();
  }

  #current(): RangeRecord {
    const range = this.context.base[this.#at];
    assert(range, 'the walk stays within the base');
    return range;
  }

  #mustMove(key: Slice): boolean {
    if (this.#at >= this.context.base.length) return false;
    return !this.#isEntered || compareSlices(sliceOf(this.#current().maxKey), key) < 0;
  }

  /** References or closes what ends before `key`, and enters the range after that. */
  async #moveTo(key: Slice): Promise<void> {
    while (this.#at < this.context.base.length) {
      const range = this.#current();
      if (compareSlices(sliceOf(range.maxKey), key) >= 0) return this.#enter(range);
      if (this.#isEntered) {
        await this.#leave();
        continue;
      }
      await this.#endPart();
      this.#slots.push(range);
      this.#at++;
    }
  }

  async #enter(range: RangeRecord): Promise<void> {
    if (this.#isEntered) return;
    await this.#flush();
    const file = await this.context.fileOf(range);
    this.#outbox.know(range.id);
    this.#isEntered = true;
    await this.#opened().session.openBase(file);
  }

  async #leave(): Promise<void> {
    const maxKey = sliceOf(this.#current().maxKey);
    // If the last record itself was changed, it may be gone, and its cut with it.
    const isLastChanged = compareSlices(this.#lastKey, maxKey) === 0;
    await this.#flush();
    await this.#opened().session.closeBase();
    this.#isEntered = false;
    this.#at++;
    if (!isLastChanged && this.#isSureCut(maxKey)) await this.#endPart();
  }

  #keepLast(key: Slice): void {
    const length = key.end - key.start;
    if (length > this.#lastKey.bytes.length) this.#lastKey.bytes = Buffer.alloc(length * 2);
    copySlice(this.#lastKey.bytes, 0, key);
    this.#lastKey.end = length;
  }

  // Without a least size nothing but the key decides, so what comes next can be built apart.
  #isSureCut(key: Slice): boolean {
    const { rangeBytesMin, raggednessEntries } = this.context.parameters;
    return rangeBytesMin <= 0 && isRagged(key, raggednessEntries);
  }

  #opened(): Part {
    if (this.#part) return this.#part;
    const ranges: RangeRecord[] = [];
    const session = this.sessions.open(this.context.parameters, (built, hasChanges) => {
      const { id, minKey, maxKey, count, estimatedBytes } = built;
      ranges.push({ id, minKey, maxKey, count, estimatedBytes });
      this.#outbox.take(built, hasChanges);
    });
    this.#part = { ranges, session, ended: undefined };
    this.#slots.push(this.#part);
    return this.#part;
  }

  async #flush(): Promise<void> {
    if (this.#batch.length === 0) return;
    await this.#opened().session.change(this.#batch.take());
    await this.#outbox.room();
  }

  async #endPart(): Promise<void> {
    await this.#flush();
    const part = this.#part;
    if (!part) return;
    this.#part = undefined;
    part.ended = part.session.end();
    // It is awaited later, and may fail before that.
    part.ended.catch(() => {});
    this.#running.push(part);
    if (this.#running.length >= PARTS_MAX) await this.#awaitOldest();
  }

  async #awaitOldest(): Promise<void> {
    const counts = await this.#running[0]?.ended;
    this.#running.shift();
    if (!counts) return;
    this.#counts.addedCount += counts.addedCount;
    this.#counts.changedCount += counts.changedCount;
    this.#counts.removedCount += counts.removedCount;
  }
}
