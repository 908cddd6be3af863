import { LRUCache } from 'lru-cache';
import type { EventId } from '../domain/model.js';
import { EventLog } from '../ports/event-log.js';
import type {
  AppendResult,
  EventContext,
  EventFilter,
  RecordedEvent,
  StreamAppend,
  StreamEnd,
} from '../ports/event-log.js';
import { StoreUnavailable, UnknownOutcome } from '../ports/store-errors.js';
import { assert } from '../shared/assert.js';
import { prepareGroup } from './prepare-group.js';
import type { KeyedEvent, SingleStreamStore } from './single-stream-store.js';
import { StreamQueue } from './stream-queue.js';

/** Streams that are remembered from their beginning, and their events over all of them. */
const STREAMS_MAX = 10_000;
const EVENTS_MAX = 1_000_000;

export interface StepwiseOptions {
  readonly store: SingleStreamStore;
  /** Resolves when the views show what was appended up to a position; left out: at once. */
  readonly shown?: (position: number) => Promise<void>;
  /** Streams that are remembered from their beginning, at most. */
  readonly streamsMax?: number;
}

/**
 * A log over a store of single streams. It has no groups: the appends of one call are steps, taken
 * in their order, and who dies between two leaves the first ones for somebody else to complete.
 *
 * A call that must fail as things stand writes nothing. One that fails in the middle, since
 * somebody was faster or nobody answered, leaves the steps before the one that its error names.
 * Each step is judged by its event ids first, so the same call again completes it.
 */
export class StepwiseEventLog extends EventLog {
  readonly groups = 'stepwise';
  readonly #queues: LRUCache<string, StreamQueue>;
  readonly #underWay = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(private readonly options: StepwiseOptions) {
    super();
    const { streamsMax = STREAMS_MAX } = options;
    this.#queues = new LRUCache({ max: streamsMax, maxSize: EVENTS_MAX });
  }

  append(
    appends: readonly StreamAppend[],
    context: EventContext,
  ): Promise<readonly AppendResult[]> {
    const appending = this.#append(appends, context);
    this.#underWay.add(appending);
    const isOver = () => this.#underWay.delete(appending);
    appending.then(isOver, isOver);
    return appending;
  }

  async #append(
    appends: readonly StreamAppend[],
    context: EventContext,
  ): Promise<readonly AppendResult[]> {
    this.#assertOpen();
    const { appends: steps } = prepareGroup(appends, context, () => []);
    const isBehind = steps.some(({ behind }) => behind !== undefined);
    assert(!isBehind, 'what stands behind an unanswered append needs a log with groups');
    if (steps.length > 1) await this.#assertPossible(steps);
    const results: AppendResult[] = [];
    for (const step of steps) {
      const queue = this.#queueOf(step.stream);
      try {
        results.push(await queue.append(step));
      } catch (error) {
        const isHalfDone = error instanceof StoreUnavailable && results.length > 0;
        throw isHalfDone ? new UnknownOutcome('only the first steps', { cause: error }) : error;
      }
      this.#keep(step.stream, queue);
    }
    await this.options.shown?.(Math.max(...results.map(({ position }) => position)));
    return results;
  }

  async read(
    stream: string,
    options: { from: number; direction: 'forward' | 'backward'; limit: number },
  ): Promise<readonly RecordedEvent[]> {
    this.#assertOpen();
    return (await this.options.store.read(stream, options)).map(withoutKey);
  }

  async find(stream: string, id: EventId): Promise<RecordedEvent | undefined> {
    this.#assertOpen();
    const queue = this.#queueOf(stream);
    if (!queue.window.placeOf(id)) await queue.refresh();
    this.#keep(stream, queue);
    const place = queue.window.placeOf(id);
    if (!place) return undefined;
    const options = { from: place.revision, direction: 'forward', limit: 1 } as const;
    return (await this.read(stream, options))[0];
  }

  async end(stream: string): Promise<StreamEnd> {
    const options = { from: Number.MAX_SAFE_INTEGER, direction: 'backward', limit: 1 } as const;
    const [last] = await this.read(stream, options);
    return { revision: last?.revision ?? -1, isClosed: last?.closes ?? false };
  }

  async readAll(options: {
    after: number;
    limit: number;
    filter?: EventFilter;
  }): Promise<readonly RecordedEvent[]> {
    this.#assertOpen();
    return this.options.store.readAll(options);
  }

  async lastPosition(): Promise<number> {
    this.#assertOpen();
    const position = await this.options.store.lastPosition(0);
    if (position > 0) await this.options.shown?.(position);
    return position;
  }

  subscribe(options: {
    after: number;
    signal: AbortSignal;
    filter?: EventFilter;
  }): AsyncIterable<RecordedEvent> {
    return this.options.store.subscribe(options);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.allSettled(this.#underWay);
    await this.options.store.close();
  }

  /** Refuses what would be refused as things stand, before its first step is taken. */
  async #assertPossible(steps: readonly Parameters<StreamQueue['look']>[0][]): Promise<void> {
    for (const step of steps) {
      const verdict = await this.#queueOf(step.stream).look(step);
      if (verdict.kind === 'refused') throw verdict.error;
    }
  }

  #queueOf(stream: string): StreamQueue {
    const known = this.#queues.get(stream);
    if (known) return known;
    const queue = new StreamQueue(this.options.store, stream);
    this.#keep(stream, queue);
    return queue;
  }

  #keep(stream: string, queue: StreamQueue): void {
    this.#queues.set(stream, queue, { size: queue.window.eventCount + 1 });
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new StoreUnavailable('the log is closed');
  }
}

/** What guards compare is the adapter's own. */
function withoutKey(event: KeyedEvent): RecordedEvent {
  const recorded: RecordedEvent & { key?: unknown } = { ...event };
  delete recorded.key;
  return recorded;
}
