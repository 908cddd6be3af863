import type {
  KeyedEvent,
  OutgoingEvent,
  SingleStreamStore,
} from '../../../src/event-log/single-stream-store.js';
import type { EventId } from '../../../src/domain/model.js';
import {
  EventLog,
  type AppendResult,
  type EventContext,
  type RecordedEvent,
  type StreamAppend,
  type StreamEnd,
} from '../../../src/ports/event-log.js';
import type { Clock } from '../../../src/ports/clock.js';
import { KvStore, type KvRead, type KvRow, type KvSnapshot } from '../../../src/ports/kv-store.js';
import { UnknownOutcome } from '../../../src/ports/store-errors.js';

export interface ReadOptions {
  readonly from: number;
  readonly direction: 'forward' | 'backward';
  readonly limit: number;
}

/** What a caller asks of that which all share, and waits for. */
export type Call =
  | {
      readonly kind: 'append';
      readonly appends: readonly StreamAppend[];
      readonly context: EventContext;
    }
  | {
      readonly kind: 'append at';
      readonly stream: string;
      readonly revision: number;
      readonly events: readonly OutgoingEvent[];
    }
  | { readonly kind: 'read'; readonly stream: string; readonly options: ReadOptions }
  | { readonly kind: 'find'; readonly stream: string; readonly id: EventId }
  | { readonly kind: 'end'; readonly stream: string }
  | {
      readonly kind: 'look';
      readonly reads: readonly KvRead[];
      /** A log that was pinned; left out: the log as it is now. */
      readonly at?: number;
    }
  /** Keeps the log of now for looks that follow. */
  | { readonly kind: 'pin' }
  /** Until something has landed, or nobody else can go on. */
  | { readonly kind: 'nap' }
  | { readonly kind: 'sleep'; readonly untilMs: number }
  | { readonly kind: 'hook'; readonly runId: string; readonly node: string };

/** What is answered; whoever is told of an error has it thrown. */
export type Reply =
  | { readonly kind: 'results'; readonly results: readonly AppendResult[] }
  | { readonly kind: 'position'; readonly position: number }
  | { readonly kind: 'events'; readonly events: () => readonly KeyedEvent[] }
  | { readonly kind: 'end'; readonly end: StreamEnd }
  | { readonly kind: 'pinned'; readonly log: number }
  | { readonly kind: 'rows'; readonly rows: readonly (readonly KvRow[])[] }
  | { readonly kind: 'error'; readonly error: () => Error }
  /** Nobody said what became of an append, and its adapter sends it again. */
  | { readonly kind: 'again' }
  | { readonly kind: 'nothing' };

/** Where a call is handed in; resolves when it is its turn. One that is given up is not asked. */
export type Ask = (call: Call, signal?: AbortSignal) => Promise<Reply>;

export const isAppend = ({ kind }: Call): boolean => kind === 'append' || kind === 'append at';

/** Returns what a call says; two that say the same are one. */
export function textOf(call: Call): string {
  switch (call.kind) {
    case 'append': {
      const appends = call.appends.map(({ stream, expected, events, guard, behind }) => ({
        stream,
        expected,
        guard: guard && [hex(guard.key), guard.sinceRevision],
        isBehind: behind && !behind.isAccepted,
        events: events.map(({ key, ...event }) => ({ ...event, key: key && hex(key) })),
      }));
      return JSON.stringify([call.kind, appends, call.context]);
    }
    case 'append at': {
      const events = call.events.map(({ key, ...event }) => ({ ...event, key: key && hex(key) }));
      return JSON.stringify([call.kind, call.stream, call.revision, events]);
    }
    case 'look':
      return JSON.stringify([call.kind, call.at, call.reads.map(textOfRead)]);
    default:
      return JSON.stringify(call);
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const textOfRead = (read: KvRead) =>
  read.kind === 'get'
    ? [read.kind, read.partition, hex(read.key)]
    : [read.kind, read.partition, read.from && hex(read.from), read.until && hex(read.until)];

/** Returns a call in a few words, for a trace. */
export function describeCall(call: Call): string {
  switch (call.kind) {
    case 'append':
      return `append ${call.appends
        .map(({ stream, expected, events }) => {
          return `${short(stream)} (${expected}) ${events.map(({ type }) => type).join(' ')}`;
        })
        .join(' + ')}`;
    case 'append at': {
      const types = call.events.map(({ type }) => type).join(' ');
      return `append ${short(call.stream)} (${call.revision}) ${types}`;
    }
    case 'read':
    case 'find':
    case 'end':
      return `${call.kind} ${short(call.stream)}`;
    case 'look':
      return `look at ${call.reads.map(({ partition }) => short(partition)).join(' ')}`;
    default:
      return call.kind;
  }
}

const short = (name: string): string => name.replace(/[-/]?[0-9a-v]{20}\.?/, ' ').trim();

/** A log with groups as one node sees it. */
export class CallLog extends EventLog {
  readonly groups = 'whole';

  constructor(
    private readonly ask: Ask,
    /** What is sent again: the same, unless a defect is planted. */
    private readonly resent = (appends: readonly StreamAppend[]) => appends,
  ) {
    super();
  }

  async append(
    appends: readonly StreamAppend[],
    context: EventContext,
  ): Promise<readonly AppendResult[]> {
    const reply = await this.ask({ kind: 'append', appends, context });
    if (reply.kind === 'again') return this.append(this.resent(appends), context);
    if (reply.kind !== 'results') throw wrong(reply);
    const isNew = reply.results.some(({ isRepeated }) => !isRepeated);
    if (isNew) for (const { mark } of appends) if (mark) mark.isAccepted = true;
    return reply.results;
  }

  async read(stream: string, options: ReadOptions): Promise<readonly RecordedEvent[]> {
    return withoutKeys(await this.ask({ kind: 'read', stream, options }));
  }

  async find(stream: string, id: EventId): Promise<RecordedEvent | undefined> {
    return withoutKeys(await this.ask({ kind: 'find', stream, id }))[0];
  }

  async end(stream: string): Promise<StreamEnd> {
    const reply = await this.ask({ kind: 'end', stream });
    if (reply.kind !== 'end') throw wrong(reply);
    return reply.end;
  }

  readAll(): never {
    throw new Error('nothing here reads all of the log');
  }

  lastPosition(): never {
    throw new Error('nothing here asks where the log ends');
  }

  subscribe(): never {
    throw new Error('nothing here follows the log');
  }

  async close(): Promise<void> {}
}

/** A store of single streams as one node sees it. */
export class CallStreams implements SingleStreamStore {
  constructor(private readonly ask: Ask) {}

  async appendAt(stream: string, revision: number, events: readonly OutgoingEvent[]) {
    const reply = await this.ask({ kind: 'append at', stream, revision, events });
    if (reply.kind !== 'position') throw wrong(reply);
    return { position: reply.position };
  }

  async read(stream: string, options: ReadOptions): Promise<readonly KeyedEvent[]> {
    const reply = await this.ask({ kind: 'read', stream, options });
    if (reply.kind !== 'events') throw wrong(reply);
    return reply.events();
  }

  readAll(): never {
    throw new Error('nothing here reads all of the log');
  }

  lastPosition(): never {
    throw new Error('nothing here asks where the log ends');
  }

  subscribe(): never {
    throw new Error('nothing here follows the log');
  }

  async close(): Promise<void> {}
}

/** Views as one node sees them. What never changes here is read at once. */
export class CallKv extends KvStore {
  constructor(
    private readonly ask: Ask,
    private readonly settled: KvStore,
    /** Partitions that nobody changes. */
    private readonly isSettled: RegExp,
  ) {
    super();
  }

  async read(reads: readonly KvRead[]) {
    if (reads.every(({ partition }) => this.isSettled.test(partition)))
      return this.settled.read(reads);
    return this.#look({ kind: 'look', reads });
  }

  async snapshot<Result>(work: (snapshot: KvSnapshot) => Promise<Result>): Promise<Result> {
    const pin = await this.ask({ kind: 'pin' });
    if (pin.kind !== 'pinned') throw wrong(pin);
    return work({ read: (reads) => this.#look({ kind: 'look', reads, at: pin.log }) });
  }

  async #look(call: Call) {
    const reply = await this.ask(call);
    if (reply.kind !== 'rows') throw wrong(reply);
    return reply.rows;
  }

  setIf(): never {
    throw new Error('nothing here writes plain rows');
  }

  deleteIf(): never {
    throw new Error('nothing here writes plain rows');
  }

  async close(): Promise<void> {}
}

const SHORT_MS = 500;

/** Stands still but where a state says that time has passed. */
export class CallClock implements Clock {
  constructor(
    private readonly ask: Ask,
    private readonly now: () => number,
  ) {}

  nowMs(): number {
    return this.now();
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    const call = ms <= SHORT_MS ? NAP : ({ kind: 'sleep', untilMs: this.now() + ms } as const);
    const aborted = new Promise<void>((resolve) => {
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([this.ask(call, signal), aborted]);
  }
}

const NAP: Call = { kind: 'nap' };

function withoutKeys(reply: Reply): readonly RecordedEvent[] {
  if (reply.kind !== 'events') throw wrong(reply);
  return reply.events().map((event) => {
    const copy: RecordedEvent & { key?: unknown } = { ...event };
    delete copy.key;
    return copy;
  });
}

const wrong = (reply: Reply): Error =>
  reply.kind === 'error' ? reply.error() : new Error(`not the answer: ${reply.kind}`);

export const again: Reply = { kind: 'again' };

export const unanswered: Reply = {
  kind: 'error',
  error: () => new UnknownOutcome('nobody said what became of it'),
};
