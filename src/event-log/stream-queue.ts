import { READ_EVENTS_MAX, type AppendResult } from '../ports/event-log.js';
import { StoreUnavailable, UnknownOutcome, WrongExpectedRevision } from '../ports/store-errors.js';
import type { PreparedAppend } from './prepare-group.js';
import type { SingleStreamStore } from './single-stream-store.js';
import { StreamWindow, type Verdict } from './stream-window.js';

/** Appends of one node that go to the store as one. */
const APPENDS_PER_BATCH = 100;
const EVENTS_PER_BATCH = 2_000;
/** Unless the store says less. What stands beside an event's data is not much more than this. */
const BYTES_PER_BATCH = 4 * 1024 * 1024;
const BYTES_BESIDE = 512;
/** Lost races of one batch; each of them is an append of another node. */
const TRIES_MAX = 200;
/** Times that a batch without an answer is sent again before its callers are told so. */
const RESENDS_MAX = 3;

interface Waiting {
  readonly append: PreparedAppend;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Judges a node's appends to one stream, in their order, and sends them on at the exact revision of
 * the last event that the node has seen: one batch at a time, since two would only lose races to
 * each other. So `open`, `any` and guards are decided here, and the store's answer to the exact
 * revision is what makes the decision true.
 *
 * Of a batch without an answer nothing can land once the stream has gone on behind its revision:
 * then it is judged anew, and before that the very same is sent again.
 */
export class StreamQueue {
  readonly #window: StreamWindow;
  readonly #waiting: Waiting[] = [];
  #isRunning = false;
  #reading: Promise<void> | undefined;
  #isRead = false;

  constructor(
    private readonly store: SingleStreamStore,
    private readonly stream: string,
  ) {
    this.#window = new StreamWindow();
  }

  /** The stream as this node has seen it; up to date behind {@link refresh}. */
  get window(): StreamWindow {
    return this.#window;
  }

  /** @throws as `EventLog.append` does, of this stream alone */
  append(append: PreparedAppend): Promise<AppendResult> {
    const answer = new Promise<AppendResult>((resolve, reject) => {
      this.#waiting.push({ append, resolve, reject });
    });
    if (!this.#isRunning) void this.#run();
    return answer;
  }

  /** Reads what came since the last look; those who ask while it reads are read for again. */
  async refresh(): Promise<void> {
    // Who reads now may have begun before this caller's own last append.
    await this.#reading?.catch(() => undefined);
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  /** Returns what would become of an append if it came now; a refusal is not of an old window. */
  async look(append: PreparedAppend): Promise<Verdict> {
    const first = this.#window.judge(append);
    if (first.kind !== 'refused') return first;
    await this.refresh();
    return this.#window.judge(append);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, APPENDS_PER_BATCH);
      try {
        await this.#settle(batch);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isRunning = false;
  }

  /** Answers everybody in a batch, or throws what those not answered yet are to be told. */
  async #settle(batch: readonly Waiting[]): Promise<void> {
    let left = batch;
    let isFresh = false;
    let unknownCount = 0;
    // Of what it has already a store may say that it has written it.
    if (!this.#isRead) {
      await this.refresh();
      isFresh = true;
    }
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const { going, refusedCount, later } = this.#judge(left, isFresh);
      if (refusedCount > 0 && !isFresh) {
        await this.refresh();
        isFresh = true;
        continue;
      }
      this.#waiting.unshift(...later);
      if (going.length === 0) return;
      try {
        return await this.#send(going);
      } catch (error) {
        const isUnknown = error instanceof UnknownOutcome;
        if (isUnknown) unknownCount++;
        const isOver = isUnknown && unknownCount > RESENDS_MAX;
        if (isOver || !(isUnknown || error instanceof WrongExpectedRevision)) {
          throw told(error, unknownCount);
        }
        await this.refresh().catch((failure: unknown) => {
          throw told(failure, unknownCount);
        });
        // The store has more than it shows: it was truncated.
        if (!isUnknown) this.#window.passOver(error.actual.revision);
        isFresh = true;
        left = going;
      }
    }
    throw told(new StoreUnavailable(`others append to ${this.stream} without end`), unknownCount);
  }

  /**
   * Answers what needs no append, unless it is refused on a window that may be old; what comes a
   * second time under the same id, or makes the batch too large, is left for later.
   */
  #judge(batch: readonly Waiting[], isFresh: boolean) {
    const going: Waiting[] = [];
    const refused: { readonly who: Waiting; readonly error: Error }[] = [];
    const ids = new Set<string>();
    const { batchBytesMax: bytesMax = BYTES_PER_BATCH } = this.store;
    let [eventCount, bytes, taken] = [0, 0, 0];
    for (const who of batch) {
      const { events } = who.append;
      const isTwice = events.some(({ id }) => ids.has(id));
      eventCount += events.length;
      for (const { json } of events) bytes += Buffer.byteLength(json) + BYTES_BESIDE;
      const isFull = eventCount > EVENTS_PER_BATCH || bytes > bytesMax;
      if (going.length > 0 && (isTwice || isFull)) break;
      taken++;
      const verdict = this.#window.judge(
        who.append,
        going.map(({ append }) => append),
      );
      if (verdict.kind === 'known') who.resolve(verdict.answer);
      else if (verdict.kind === 'refused') refused.push({ who, error: verdict.error });
      else {
        going.push(who);
        for (const { id } of events) ids.add(id);
      }
    }
    if (refused.length > 0 && !isFresh) return { going, refusedCount: refused.length, later: [] };
    for (const { who, error } of refused) who.reject(error);
    return { going, refusedCount: 0, later: batch.slice(taken) };
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    const events = batch.flatMap(({ append }) =>
      append.events.map(({ context, ...event }) => ({ ...event, ...context })),
    );
    const behind = this.#window.end.revision;
    const { position } = await this.store.appendAt(this.stream, behind, events);
    // Somebody has read the stream meanwhile, and with it what was just written.
    const isSeen = this.#window.end.revision > behind;
    for (const event of isSeen ? [] : events) this.#window.take(event, position);
    for (const { append, resolve } of batch) {
      const revision = this.#window.placeOf(append.events.at(-1)?.id ?? '')?.revision;
      if (revision === undefined) throw new Error(`${this.stream} lost what was written to it`);
      resolve({ revision, position, isRepeated: false });
    }
  }

  async #read(): Promise<void> {
    for (;;) {
      const from = this.#window.end.revision + 1;
      const options = { from, direction: 'forward', limit: READ_EVENTS_MAX } as const;
      const events = await this.store.read(this.stream, options);
      for (const event of events) {
        // What this node has written meanwhile is known.
        if (event.revision <= this.#window.end.revision) continue;
        this.#window.passOver(event.revision - 1);
        this.#window.take(event, event.position);
      }
      if (events.length < READ_EVENTS_MAX) break;
    }
    this.#isRead = true;
  }
}

/** Once it is not known whether a batch has landed, nothing else may be said of it. */
const told = (error: unknown, unknownCount: number): unknown =>
  unknownCount > 0 && !(error instanceof UnknownOutcome)
    ? new UnknownOutcome('nobody said what became of it', { cause: error })
    : error;
