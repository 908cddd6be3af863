import {
  BACKWARDS,
  END,
  FORWARDS,
  NO_STREAM,
  START,
  WrongExpectedVersionError,
  type AllStreamResolvedEvent,
  type EventStoreDBClient,
  type ResolvedEvent,
} from '@eventstore/db-client';
import { READ_EVENTS_MAX, type EventFilter, type RecordedEvent } from '../../ports/event-log.js';
import {
  EventRefused,
  StoreUnavailable,
  UnknownOutcome,
  WrongExpectedRevision,
} from '../../ports/store-errors.js';
import { assert } from '../../shared/assert.js';
import type { KeyedEvent, OutgoingEvent, SingleStreamStore } from '../single-stream-store.js';
import type { ViewProgress } from '../view-progress.js';
import { followAll, positionOf, type FeedItem } from './all-feed.js';
import { clientFailureOf, neverSent } from './client-failures.js';
import { ClientLine } from './client-line.js';
import { LogEnd } from './log-end.js';
import { isLost, PatientCalls } from './patient-calls.js';
import { fromStored, toNumber, toStored } from './stored-event.js';

export interface EventStoreOptions {
  readonly connectionString: string;
  /** How far the views are; what they do not show yet is not given out. Left out: no views. */
  readonly views?: ViewProgress;
  /** How long a call waits for a server, or for what became of it. */
  readonly outcomeMsMax?: number;
  /** How long one sending of an append may take before the same is sent again. */
  readonly appendMsMax?: number;
  readonly watchMs?: number;
}

type StreamRead = { from: number; direction: 'forward' | 'backward'; limit: number };
type AllRead = { after: number; limit: number; filter?: EventFilter };

/**
 * The streams of an EventStoreDB of 22.10 or newer; README.md argues why they keep what they say.
 */
export class EventStoreStreams implements SingleStreamStore {
  /** A server of before 24.6 takes no append of more than a mebibyte, unless it is told to. */
  readonly batchBytesMax = 900 * 1024;
  readonly #line: ClientLine;
  readonly #options: EventStoreOptions;
  readonly #calls: PatientCalls;
  readonly #end: LogEnd;
  readonly #closing = new AbortController();
  /** The furthest event that was here before any append that is sent now. */
  #seen = 0;

  constructor(options: EventStoreOptions) {
    this.#options = options;
    this.#line = new ClientLine(options.connectionString);
    this.#calls = new PatientCalls({
      line: this.#line,
      outcomeMsMax: this.#outcomeMsMax,
      closing: this.#closing.signal,
    });
    this.#end = new LogEnd(this.#calls);
  }

  /**
   * Sends the same events at the same revision until there is an answer: then what was sent before
   * has landed as the same events, or cannot land any more.
   */
  async appendAt(
    stream: string,
    revision: number,
    events: readonly OutgoingEvent[],
  ): Promise<{ readonly position: number }> {
    const stored = events.map(toStored);
    const expectedRevision = revision < 0 ? NO_STREAM : BigInt(revision);
    const deadline = this.#options.appendMsMax ?? APPEND_MS_MAX;
    const append = (client: EventStoreDBClient) =>
      // Of a misspelt option the client says nothing, and takes the append for one on any revision.
      client.appendToStream(stream, stored, { expectedRevision, requiresLeader: true, deadline });
    let wasSent = false;
    const seen = this.#seen;
    try {
      const result = await this.#calls.run(append, {
        msMax: deadline + GRACE_MS,
        totalMsMax: this.#outcomeMsMax / SENDERS_TRIES,
        failed: (error) => (wasSent ||= isLost(error) && !neverSent(error)),
      });
      const last = Number(result.nextExpectedRevision);
      const position = result.position
        ? toNumber(result.position.commit)
        : await this.#positionAt(stream, last);
      if (position > seen && last === revision + events.length) return { position };
      // These very events were there before they were sent, or behind others that were deleted:
      // whoever reads the stream finds them.
      const end = { revision: last, isClosed: false };
      throw new WrongExpectedRevision(stream, revision, end, 'revision');
    } catch (error) {
      throw this.#appendError(error, { stream, revision, wasSent });
    }
  }

  async read(stream: string, options: StreamRead): Promise<readonly KeyedEvent[]> {
    const { from, direction, limit } = options;
    assert(limit >= 1 && limit <= READ_EVENTS_MAX, `at most ${READ_EVENTS_MAX} events a read`);
    if (direction === 'backward' && from < 0) return [];
    const isFromEnd = direction === 'backward' && from >= Number.MAX_SAFE_INTEGER;
    const readOptions = {
      direction: direction === 'forward' ? FORWARDS : BACKWARDS,
      fromRevision: isFromEnd ? END : BigInt(Math.max(0, from)),
      maxCount: limit,
      requiresLeader: true,
    } as const;
    const found = await this.#calls.collect<ResolvedEvent>(
      (client) => client.readStream(stream, readOptions),
      { orNothing: true },
    );
    const events = found.flatMap((resolved) => fromStored(resolved) ?? []);
    await this.#shown(events);
    return events;
  }

  async readAll(options: AllRead): Promise<readonly RecordedEvent[]> {
    const { limit, filter } = options;
    assert(limit >= 1 && limit <= READ_EVENTS_MAX, `at most ${READ_EVENTS_MAX} events a read`);
    const prefixes = filter?.streamPrefixes;
    const events: KeyedEvent[] = [];
    for (let after = Math.max(0, options.after); events.length < limit;) {
      const { page, until } = await this.#allPage(after, prefixes ? READ_EVENTS_MAX : limit);
      for (const event of page) {
        if (prefixes?.some((prefix) => event.stream.startsWith(prefix)) ?? true) events.push(event);
      }
      if (until === undefined) break;
      after = until;
    }
    return this.#asShown(events.slice(0, limit));
  }

  async *subscribe(options: {
    after: number;
    signal: AbortSignal;
    filter?: EventFilter;
  }): AsyncIterable<RecordedEvent> {
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    const { after } = options;
    const streamPrefixes = options.filter?.streamPrefixes;
    if (signal.aborted) return;
    if (streamPrefixes?.length === 0) return void (await aborted(signal));
    for await (const { event } of this.follow({ after, signal, streamPrefixes })) {
      if (!event) continue;
      await this.#options.views?.reached(event.position, Number.POSITIVE_INFINITY);
      if (signal.aborted) return;
      yield event;
    }
  }

  /** As {@link subscribe}, without regard to the views, and with how far it has looked. */
  async *follow(options: {
    after: number;
    signal: AbortSignal;
    streamPrefixes?: readonly string[] | undefined;
  }): AsyncGenerator<FeedItem> {
    const { after, streamPrefixes, signal } = options;
    const { watchMs } = this.#options;
    const feed = followAll(this.#line, {
      after,
      signal: AbortSignal.any([signal, this.#closing.signal]),
      lastPosition: (at) => this.lastPosition(at, streamPrefixes),
      ...(streamPrefixes && { streamPrefixes }),
      ...(watchMs !== undefined && { watchMs }),
    });
    for await (const item of feed) {
      this.#seen = Math.max(this.#seen, item.position);
      if (!streamPrefixes) this.#end.passed(item);
      yield item;
    }
  }

  /**
   * Returns the position of the last event of the log that is no system's, or `after` when there is
   * none behind it.
   */
  lastPosition(after: number, prefixes?: readonly string[]): Promise<number> {
    return this.#end.lastPosition(after, prefixes);
  }

  /** Returns the position of the last record of the log, whoever's it is; 0 of an empty log. */
  end(): Promise<number> {
    return this.#end.lastRecord();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#line.close();
  }

  /**
   * @returns the events of a page that are no system's, and where the next one begins if it does
   */
  async #allPage(
    after: number,
    limit: number,
  ): Promise<{ page: KeyedEvent[]; until: number | undefined }> {
    // The page begins with the event at that position itself.
    const maxCount = limit + 1;
    const found = await this.#calls.collect<AllStreamResolvedEvent>((client) =>
      client.readAll({
        direction: FORWARDS,
        fromPosition: after === 0 ? START : positionOf(after),
        maxCount,
        requiresLeader: true,
      }),
    );
    const page = found.flatMap((resolved) => fromStored(resolved) ?? []);
    const last = found.at(-1)?.event?.position.commit;
    const isLast = found.length < maxCount || last === undefined;
    return {
      page: page.filter(({ position }) => position > after),
      until: isLast ? undefined : toNumber(last),
    };
  }

  async #positionAt(stream: string, revision: number): Promise<number> {
    const [event] = await this.read(stream, { from: revision, direction: 'forward', limit: 1 });
    if (event) return event.position;
    throw new UnknownOutcome(`${stream} does not show what it took`);
  }

  /** Waits until the views show these events: whoever sees one may look there next. */
  async #shown(events: readonly RecordedEvent[]): Promise<void> {
    const { views } = this.#options;
    if (!views || events.length === 0) return;
    const last = Math.max(...events.map(({ position }) => position));
    await views.reached(last, this.#outcomeMsMax);
  }

  /** The log as far as the views have come, while they must not move; else all of it. */
  async #asShown(events: readonly KeyedEvent[]): Promise<readonly RecordedEvent[]> {
    const { views } = this.#options;
    const seen = views?.isHeld
      ? events.filter(({ position }) => position <= views.position)
      : events;
    await this.#shown(seen);
    return seen;
  }

  #appendError(
    error: unknown,
    { stream, revision, wasSent }: { stream: string; revision: number; wasSent: boolean },
  ): unknown {
    if (error instanceof WrongExpectedRevision) return error;
    const failure = clientFailureOf(error);
    const cause = { cause: error };
    if (error instanceof WrongExpectedVersionError) {
      const { actualVersion } = error;
      const actual = typeof actualVersion === 'bigint' ? Number(actualVersion) : -1;
      const end = { revision: actual, isClosed: false };
      return new WrongExpectedRevision(stream, revision, end, 'revision');
    }
    // Whatever is said of this sending, of one before it nobody has said anything.
    if (wasSent) {
      return new UnknownOutcome('EventStoreDB did not say what became of an append', cause);
    }
    if (failure === 'gone') return new EventRefused(`${stream} was deleted for ever`, cause);
    if (error instanceof StoreUnavailable) return error;
    if (failure === 'refused') {
      return new EventRefused('EventStoreDB cannot take this append', cause);
    }
    return new StoreUnavailable('EventStoreDB cannot take an append now', cause);
  }

  get #outcomeMsMax(): number {
    return this.#options.outcomeMsMax ?? OUTCOME_MS_MAX;
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

const OUTCOME_MS_MAX = 10_000;
const APPEND_MS_MAX = 5_000;
/** Who sends what is unknown again does so as often, with a look at the stream before. */
const SENDERS_TRIES = 4;
/**
 * Of the client's own limit and ours, its is the first, in a process that is late with everything
 * too: ours takes the client away from all who wait for it.
 */
const GRACE_MS = 5_000;
