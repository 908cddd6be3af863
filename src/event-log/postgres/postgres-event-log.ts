import type { Pool } from 'pg';
import type { EventId } from '../../domain/model.js';
import { EventLog, READ_EVENTS_MAX } from '../../ports/event-log.js';
import type {
  AppendResult,
  EventContext,
  EventFilter,
  InlineProjection,
  RecordedEvent,
  StreamAppend,
  StreamEnd,
} from '../../ports/event-log.js';
import { StoreUnavailable } from '../../ports/store-errors.js';
import { assert } from '../../shared/assert.js';
import { Gather } from '../../shared/gather.js';
import { followLog, type LogPage } from '../follow-log.js';
import { prepareGroup } from '../prepare-group.js';
import { Wake } from '../wake.js';
import { AppendQueue, type AppendWatcher } from './append-queue.js';
import type { Connect } from './connect.js';
import {
  FIND,
  LAST_POSITION,
  READ_ALL,
  READ_BACKWARD,
  READ_ENDS,
  READ_FORWARD,
} from './event-reads.js';
import { toRecorded, type EventRow } from './event-reads.js';
import { freeLock } from './free-lock.js';
import { Line } from './line.js';
import { Listener } from './listener.js';
import { retryRead } from './retry.js';

export interface PostgresEventLogOptions {
  /** Opens the writer's connection and the one that listens. */
  readonly connect: Connect;
  /** For reads; the log ends it when it is closed. */
  readonly pool: Pool;
  readonly project: InlineProjection;
  /** The database found its data damaged: the process must stop, and say so. */
  readonly onFatal: (error: unknown) => void;
  /** How long an append waits for a database, or for what became of it; a read for an answer. */
  readonly outcomeMsMax?: number;
  readonly watcher?: AppendWatcher;
}

interface StreamRead {
  readonly stream: string;
  readonly from: number;
  readonly limit: number;
}

/** The log in Postgres 15 or newer; README.md argues why it keeps what the port promises. */
export class PostgresEventLog extends EventLog {
  readonly groups = 'whole';
  readonly #options: PostgresEventLogOptions;
  readonly #line: Line;
  readonly #queue: AppendQueue;
  readonly #wake = new Wake();
  readonly #listener: Listener;
  readonly #closing = new AbortController();
  readonly #forward: Gather<StreamRead, readonly RecordedEvent[]>;
  readonly #backward: Gather<StreamRead, readonly RecordedEvent[]>;
  readonly #ends: Gather<string, StreamEnd>;

  constructor(options: PostgresEventLogOptions) {
    super();
    this.#options = options;
    this.#line = new Line(options.connect, 'append');
    this.#listener = new Listener(options.connect, this.#wake);
    this.#queue = new AppendQueue({
      line: this.#line,
      onAppended: () => this.#wake.all(),
      onHeldUp: () => void freeLock(options.pool),
      onFatal: options.onFatal,
      ...(options.outcomeMsMax !== undefined && { outcomeMsMax: options.outcomeMsMax }),
      ...(options.watcher && { watcher: options.watcher }),
    });
    this.#forward = gatherReads((reads) => this.#readStreams(READ_FORWARD, reads));
    this.#backward = gatherReads((reads) => this.#readStreams(READ_BACKWARD, reads));
    this.#ends = new Gather({
      ...GATHER,
      weightOf: () => 1,
      send: (streams) => this.#readEnds(streams),
    });
  }

  async append(
    appends: readonly StreamAppend[],
    context: EventContext,
  ): Promise<readonly AppendResult[]> {
    return this.#queue.append(prepareGroup(appends, context, this.#options.project));
  }

  async read(
    stream: string,
    options: { from: number; direction: 'forward' | 'backward'; limit: number },
  ): Promise<readonly RecordedEvent[]> {
    const { from, direction, limit } = options;
    assert(limit >= 1 && limit <= READ_EVENTS_MAX, `at most ${READ_EVENTS_MAX} events a read`);
    const gather = direction === 'forward' ? this.#forward : this.#backward;
    return gather.ask({ stream, from: Math.min(from, Number.MAX_SAFE_INTEGER), limit });
  }

  async find(stream: string, id: EventId): Promise<RecordedEvent | undefined> {
    const [row] = await this.#query<EventRow>('find', FIND, [stream, id]);
    return row && toRecorded(stream, row);
  }

  async end(stream: string): Promise<StreamEnd> {
    return this.#ends.ask(stream);
  }

  async readAll(options: {
    after: number;
    limit: number;
    filter?: EventFilter;
  }): Promise<readonly RecordedEvent[]> {
    const { limit, filter } = options;
    assert(limit >= 1 && limit <= READ_EVENTS_MAX, `at most ${READ_EVENTS_MAX} events a read`);
    const events: RecordedEvent[] = [];
    for (let { after } = options; ;) {
      const page = await this.#page(after, { limit: filter ? READ_EVENTS_MAX : limit, filter });
      events.push(...page.events);
      if (page.isLast || events.length >= limit) return events.slice(0, limit);
      after = page.until;
    }
  }

  async lastPosition(): Promise<number> {
    const [row] = await this.#query<[number | null]>('last', LAST_POSITION, []);
    return row?.[0] ?? 0;
  }

  async *subscribe(options: {
    after: number;
    signal: AbortSignal;
    filter?: EventFilter;
  }): AsyncIterable<RecordedEvent> {
    this.#listener.start();
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    const { after, filter } = options;
    const limit = FOLLOWED_EVENTS_MAX;
    const readPage = (from: number) =>
      this.#page(from, { limit, filter, signal, msMax: Number.POSITIVE_INFINITY });
    try {
      yield* followLog({ after, signal, wake: this.#wake, readPage });
    } catch (error) {
      // A read that was under way when it was ended.
      if (!signal.aborted) throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    await this.#queue.close();
    await this.#listener.close();
    await this.#line.hangUp();
    await this.#options.pool.end();
  }

  async #readStreams(
    statement: string,
    reads: readonly StreamRead[],
  ): Promise<readonly (readonly RecordedEvent[])[]> {
    const name = statement === READ_FORWARD ? 'forward' : 'backward';
    const rows = await this.#query<readonly [number, ...EventRow]>(name, statement, [
      reads.map(({ stream }) => stream),
      reads.map(({ from }) => from),
      reads.map(({ limit }) => limit),
    ]);
    const answers = reads.map((): RecordedEvent[] => []);
    for (const [ordinal, ...row] of rows) {
      const stream = reads[ordinal - 1]?.stream;
      assert(stream !== undefined, 'a row belongs to a read');
      answers[ordinal - 1]?.push(toRecorded(stream, row));
    }
    return answers;
  }

  async #readEnds(streams: readonly string[]): Promise<readonly StreamEnd[]> {
    type Row = readonly [ordinal: number, revision: number, isClosed: boolean];
    const rows = await this.#query<Row>('ends', READ_ENDS, [streams]);
    const ends: StreamEnd[] = streams.map(() => ({ revision: -1, isClosed: false }));
    for (const [ordinal, revision, isClosed] of rows) ends[ordinal - 1] = { revision, isClosed };
    return ends;
  }

  async #page(
    after: number,
    options: {
      limit: number;
      filter: EventFilter | undefined;
      signal?: AbortSignal;
      msMax?: number;
    },
  ): Promise<LogPage> {
    type Row = readonly [until: number | null, amount: number, stream: string | null, ...EventRow];
    const { limit, filter, signal, msMax } = options;
    const rows = await this.#query<Row>(
      'all',
      READ_ALL,
      [after, limit, filter?.streamPrefixes ?? null],
      { ...(signal && { signal }), ...(msMax !== undefined && { msMax }) },
    );
    const events: RecordedEvent[] = [];
    for (const [, , stream, ...row] of rows) {
      if (stream !== null) events.push(toRecorded(stream, row));
    }
    const [until = null, amount = 0] = rows[0] ?? [];
    return { events, until: until ?? after, isLast: amount < limit };
  }

  async #query<Row extends readonly unknown[]>(
    name: string,
    text: string,
    values: unknown[],
    limits: { msMax?: number; signal?: AbortSignal } = {},
  ): Promise<readonly Row[]> {
    const { pool, onFatal, outcomeMsMax = READ_MS_MAX } = this.#options;
    if (this.#closing.signal.aborted) throw new StoreUnavailable('the log is closed');
    const config = { name, text, values, rowMode: 'array' } as const;
    const read = () => pool.query<Row & unknown[]>(config);
    const { signal } = this.#closing;
    const { rows } = await retryRead(read, { msMax: outcomeMsMax, onFatal, signal, ...limits });
    return rows;
  }
}

const gatherReads = (
  send: (reads: readonly StreamRead[]) => Promise<readonly (readonly RecordedEvent[])[]>,
) => new Gather({ ...GATHER, send, weightOf: ({ limit }: StreamRead) => limit });

const GATHER = {
  sendsMax: 2,
  afterTurn: setImmediate,
  elapsedMs: () => performance.now(),
  /** Events that one statement may return, unless one caller alone asks for more. */
  weightMax: 4 * READ_EVENTS_MAX,
  waitingMax: 20_000,
  onFull: () => new StoreUnavailable('too many reads wait'),
};
/** Of one page of a subscription: events of the largest size must fit in memory together. */
const FOLLOWED_EVENTS_MAX = 250;
const READ_MS_MAX = 10_000;
