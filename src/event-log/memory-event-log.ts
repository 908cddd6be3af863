import type { EventId } from '../domain/model.js';
import { EventLog, READ_EVENTS_MAX } from '../ports/event-log.js';
import type {
  AppendResult,
  EventContext,
  EventFilter,
  InlineProjection,
  RecordedEvent,
  StreamAppend,
  StreamEnd,
} from '../ports/event-log.js';
import type { KvWrite } from '../ports/kv-store.js';
import { EventRefused, StoreUnavailable, WrongExpectedRevision } from '../ports/store-errors.js';
import { assert } from '../shared/assert.js';
import { compareBytes } from '../shared/bytes.js';
import { followLog, type LogPage } from './follow-log.js';
import { markAccepted, prepareGroup } from './prepare-group.js';
import type { PreparedAppend, PreparedEvent } from './prepare-group.js';
import { refusalOf } from './refusal-of.js';
import { Wake } from './wake.js';

interface Stored extends Omit<PreparedEvent, 'context'>, EventContext {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
}

/** The store of the views, as far as the log needs it. */
export interface ViewWriter {
  apply(writes: readonly KvWrite[]): void;
  /** While a view's slot takes another's place no append may come between. */
  readonly held?: Promise<void> | undefined;
}

interface Stream {
  readonly events: Stored[];
  readonly byId: Map<string, Stored>;
}

/** Keeps everything in this process. For tests and for `MORAINE_EVENT_LOG=memory`. */
export class MemoryEventLog extends EventLog {
  readonly groups = 'whole';
  readonly #kv: ViewWriter;
  readonly #project: InlineProjection;
  readonly #streams = new Map<string, Stream>();
  readonly #all: Stored[] = [];
  readonly #wake = new Wake();
  readonly #closing = new AbortController();

  /** @param options.kv  takes what `project` says, in the same step as the log its events */
  constructor(options: { kv: ViewWriter; project: InlineProjection }) {
    super();
    this.#kv = options.kv;
    this.#project = options.project;
  }

  /** Nothing is awaited between the judgement and the last write: no other append gets between. */
  async append(
    appends: readonly StreamAppend[],
    context: EventContext,
  ): Promise<readonly AppendResult[]> {
    this.#assertOpen();
    const group = prepareGroup(appends, context, this.#project);
    while (this.#kv.held) await this.#kv.held;
    const known = group.appends.map((append) => this.#knownOf(append));
    const knownCount = known.reduce((sum, events) => sum + events.length, 0);
    if (knownCount === group.eventCount) return known.map(firstAnswer);
    if (knownCount > 0) throw new EventRefused('some of the events are known, and some are not');

    for (const append of group.appends) this.#judge(append);
    const results = group.appends.map((append) => this.#write(append));
    this.#kv.apply(group.writes);
    markAccepted(group);
    this.#wake.all();
    return results;
  }

  async read(
    stream: string,
    options: { from: number; direction: 'forward' | 'backward'; limit: number },
  ): Promise<readonly RecordedEvent[]> {
    this.#assertOpen();
    const { from, direction, limit } = options;
    assert(limit >= 1 && limit <= READ_EVENTS_MAX, `at most ${READ_EVENTS_MAX} events a read`);
    const events = this.#streams.get(stream)?.events ?? [];
    if (direction === 'forward') {
      const first = Math.max(0, from);
      return events.slice(first, first + limit).map(toRecorded);
    }
    const end = Math.min(from, events.length - 1) + 1;
    if (end <= 0) return [];
    return events
      .slice(Math.max(0, end - limit), end)
      .map(toRecorded)
      .toReversed();
  }

  async find(stream: string, id: EventId): Promise<RecordedEvent | undefined> {
    this.#assertOpen();
    const found = this.#streams.get(stream)?.byId.get(id);
    return found && toRecorded(found);
  }

  async end(stream: string): Promise<StreamEnd> {
    this.#assertOpen();
    return this.#endOf(stream);
  }

  async readAll(options: {
    after: number;
    limit: number;
    filter?: EventFilter;
  }): Promise<readonly RecordedEvent[]> {
    this.#assertOpen();
    assert(options.limit >= 1 && options.limit <= READ_EVENTS_MAX, 'too many events for a read');
    return this.#page(options).events;
  }

  async lastPosition(): Promise<number> {
    this.#assertOpen();
    return this.#all.length;
  }

  async *subscribe(options: {
    after: number;
    signal: AbortSignal;
    filter?: EventFilter;
  }): AsyncIterable<RecordedEvent> {
    const { after, filter } = options;
    yield* followLog({
      after,
      signal: AbortSignal.any([options.signal, this.#closing.signal]),
      wake: this.#wake,
      readPage: async (from) =>
        this.#page({ after: from, limit: READ_EVENTS_MAX, ...(filter && { filter }) }),
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw new StoreUnavailable('the log is closed');
  }

  #endOf(stream: string): StreamEnd {
    const last = this.#streams.get(stream)?.events.at(-1);
    return { revision: last?.revision ?? -1, isClosed: last?.closes ?? false };
  }

  #knownOf({ stream, events }: PreparedAppend): Stored[] {
    const byId = this.#streams.get(stream)?.byId;
    return byId ? events.map(({ id }) => byId.get(id)).filter((event) => event !== undefined) : [];
  }

  #judge({ stream, expected, guard, behind }: PreparedAppend): void {
    const actual = this.#endOf(stream);
    const isBehind = behind === undefined || behind.isAccepted;
    const refusal = isBehind ? refusalOf(expected, actual) : 'revision';
    if (refusal) throw new WrongExpectedRevision(stream, expected, actual, refusal);
    if (!guard) return;
    const newer = this.#streams.get(stream)?.events.slice(Math.max(0, guard.sinceRevision + 1));
    if (newer?.some(({ key }) => key && compareBytes(key, guard.key) === 0)) {
      throw new WrongExpectedRevision(stream, expected, actual, 'guard');
    }
  }

  #write({ stream: name, events }: PreparedAppend): AppendResult {
    const stream: Stream = this.#streams.get(name) ?? { events: [], byId: new Map() };
    this.#streams.set(name, stream);
    for (const { context, ...event } of events) {
      const place = { revision: stream.events.length, position: this.#all.length + 1 };
      const stored = { ...event, ...context, stream: name, ...place };
      stream.events.push(stored);
      stream.byId.set(event.id, stored);
      this.#all.push(stored);
    }
    return { revision: stream.events.length - 1, position: this.#all.length, isRepeated: false };
  }

  #page(options: { after: number; limit: number; filter?: EventFilter }): LogPage {
    const prefixes = options.filter?.streamPrefixes;
    const events: RecordedEvent[] = [];
    let until = Math.max(0, options.after);
    while (until < this.#all.length && events.length < options.limit) {
      const event = this.#all[until++];
      assert(event, 'positions are dense in memory');
      if (prefixes?.some((prefix) => event.stream.startsWith(prefix)) ?? true) {
        events.push(toRecorded(event));
      }
    }
    return { events, until, isLast: until >= this.#all.length };
  }
}

function firstAnswer(events: readonly Stored[]): AppendResult {
  const last = events.at(-1);
  assert(last, 'an append has at least one event');
  return { revision: last.revision, position: last.position, isRepeated: true };
}

/** Parses anew each time, so that no reader can change what another one reads. */
function toRecorded(event: Stored): RecordedEvent {
  const { stream, revision, position, id, type, version, closes } = event;
  const { atMs, caller, requestId, commandId } = event;
  return {
    stream,
    revision,
    position,
    id: id as EventId,
    type,
    version,
    closes,
    data: JSON.parse(event.json) as RecordedEvent['data'],
    atMs,
    caller,
    requestId,
    commandId,
  };
}
