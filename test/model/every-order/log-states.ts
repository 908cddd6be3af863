import { markAccepted, prepareGroup } from '../../../src/event-log/prepare-group.js';
import type { PreparedAppend, PreparedEvent } from '../../../src/event-log/prepare-group.js';
import { refusalOf } from '../../../src/event-log/refusal-of.js';
import type {
  AppendResult,
  EventContext,
  RecordedEvent,
  StreamAppend,
  StreamEnd,
} from '../../../src/ports/event-log.js';
import { EventRefused, WrongExpectedRevision } from '../../../src/ports/store-errors.js';
import { compareBytes } from '../../../src/shared/bytes.js';
import type { EventId } from '../../../src/domain/model.js';

/** An event as a stream has it; where it stands in the whole log depends on the way there. */
export interface StoredEvent extends Omit<PreparedEvent, 'context'>, EventContext {
  readonly stream: string;
  readonly revision: number;
}

/** A stream's events: one object for each content, however it came about. */
export interface StreamState {
  readonly id: number;
  readonly stream: string;
  readonly events: readonly StoredEvent[];
  readonly byId: ReadonlyMap<string, StoredEvent>;
}

/** All streams: one object for each content, whatever the order between the streams was. */
export interface LogState {
  readonly id: number;
  readonly streams: ReadonlyMap<string, StreamState>;
  /** One way in which it may have come about. */
  readonly before: LogState | undefined;
  readonly appended: readonly StoredEvent[];
}

export type Appended =
  | {
      readonly kind: 'accepted';
      readonly log: LogState;
      readonly events: readonly StoredEvent[];
      readonly results: readonly AppendResult[];
    }
  | { readonly kind: 'known'; readonly results: readonly AppendResult[] }
  | { readonly kind: 'refused'; readonly error: Error };

/** Of most events nobody asks who wrote them; then two that say the same are one. */
const TOLD_BY_WRITER: ReadonlySet<string> = new Set([
  'ObjectStaged',
  'ObjectUnstaged',
  'BranchCreated',
]);

/** Every position is this one: between streams there is no order here. */
export const POSITION = 1;

/**
 * Logs that share what they have in common. They judge as the memory log does: a known id gets its
 * first answer, before openness and revision; a group is whole.
 */
export class LogStates {
  readonly logs: LogState[] = [];
  readonly #logs = new Map<string, LogState>();
  readonly #streams = new Map<string, StreamState>();

  /** @param judgesOpennessFirst  what is made wrong on purpose */
  constructor(private readonly judgesOpennessFirst = false) {
    this.#logOf(new Map(), undefined, []);
  }

  /** Returns a log as others wrote it, in their order. */
  of(events: readonly RecordedEvent[]): LogState {
    let log = this.logs[0] as LogState;
    for (const { stream, id, type, version, data, closes, ...at } of events) {
      const { atMs, caller, requestId, commandId } = at;
      const context = { atMs, caller, requestId, commandId };
      const json = JSON.stringify(data);
      const event = { id, type, version, json, closes, key: undefined, context };
      log = this.#written(log, [{ stream, events: [event] }]).log;
    }
    return log;
  }

  /** Returns a log with an event more that nobody judges. */
  noted(log: LogState, stream: string, type: string): LogState {
    const context = { ...SOMEBODY, atMs: 0 };
    const event = {
      id: type,
      type,
      version: 1,
      json: '{}',
      closes: false,
      key: undefined,
      context,
    };
    return this.#written(log, [{ stream, events: [event] }]).log;
  }

  append(log: LogState, appends: readonly StreamAppend[], context: EventContext): Appended {
    let group;
    try {
      group = prepareGroup(appends, context, () => []);
    } catch (error) {
      if (error instanceof EventRefused) return { kind: 'refused', error };
      throw error;
    }
    if (this.judgesOpennessFirst) {
      const closed = group.appends.find(
        ({ stream, expected }) => expected === 'open' && endOf(log, stream).isClosed,
      );
      if (closed) return { kind: 'refused', error: refusal(closed, log, 'closed') };
    }
    const known = group.appends.map(({ stream, events }) => {
      const byId = log.streams.get(stream)?.byId;
      return events.flatMap(({ id }) => byId?.get(id) ?? []);
    });
    const knownCount = known.reduce((sum, events) => sum + events.length, 0);
    if (knownCount === group.eventCount) {
      const results = known.map((events) => ({
        revision: events.at(-1)?.revision ?? -1,
        position: POSITION,
        isRepeated: true,
      }));
      return { kind: 'known', results };
    }
    if (knownCount > 0) {
      return { kind: 'refused', error: new EventRefused('some of the events are known') };
    }
    for (const append of group.appends) {
      const error = judge(append, log);
      if (error) return { kind: 'refused', error };
    }
    const { log: next, events } = this.#written(log, group.appends);
    markAccepted(group);
    const results = group.appends.map(({ stream }) => ({
      revision: endOf(next, stream).revision,
      position: POSITION,
      isRepeated: false,
    }));
    return { kind: 'accepted', log: next, events, results };
  }

  #written(log: LogState, appends: readonly Pick<PreparedAppend, 'stream' | 'events'>[]) {
    const streams = new Map(log.streams);
    const appended: StoredEvent[] = [];
    for (const { stream, events } of appends) {
      let state = streams.get(stream) ?? this.#streamOf(stream, undefined, undefined);
      for (const { context, ...event } of events) {
        const by = TOLD_BY_WRITER.has(event.type) ? context : { ...context, ...SOMEBODY };
        const stored = { ...event, ...by, stream, revision: state.events.length };
        state = this.#streamOf(stream, state, stored);
        appended.push(state.events.at(-1) as StoredEvent);
      }
      streams.set(stream, state);
    }
    return { log: this.#logOf(streams, log, appended), events: appended };
  }

  #streamOf(
    stream: string,
    before: StreamState | undefined,
    event: StoredEvent | undefined,
  ): StreamState {
    const said = event && [
      event.id,
      event.type,
      event.version,
      event.json,
      event.closes,
      event.key && Buffer.from(event.key).toString('hex'),
      event.atMs,
      event.commandId,
    ];
    const name = `${before?.id ?? stream} ${JSON.stringify(said)}`;
    const known = this.#streams.get(name);
    if (known) return known;
    const events = event ? [...(before?.events ?? []), event] : [];
    const byId = new Map(events.map((each) => [each.id, each]));
    const state = { id: this.#streams.size, stream, events, byId };
    this.#streams.set(name, state);
    return state;
  }

  #logOf(
    streams: ReadonlyMap<string, StreamState>,
    before: LogState | undefined,
    appended: readonly StoredEvent[],
  ): LogState {
    const name = [...streams.values()]
      .map(({ id }) => id)
      .sort((left, right) => left - right)
      .join();
    const known = this.#logs.get(name);
    if (known) return known;
    const log = { id: this.logs.length, streams, before, appended };
    this.logs.push(log);
    this.#logs.set(name, log);
    return log;
  }
}

const SOMEBODY = { caller: 'somebody', requestId: '', commandId: '' as EventContext['commandId'] };

export function endOf(log: LogState, stream: string): StreamEnd {
  const last = log.streams.get(stream)?.events.at(-1);
  return { revision: last?.revision ?? -1, isClosed: last?.closes ?? false };
}

function judge(append: PreparedAppend, log: LogState): Error | undefined {
  const { stream, expected, guard, behind } = append;
  const isBehind = behind === undefined || behind.isAccepted;
  const reason = isBehind ? refusalOf(expected, endOf(log, stream)) : 'revision';
  if (reason) return refusal(append, log, reason);
  if (!guard) return undefined;
  const newer = log.streams.get(stream)?.events.slice(Math.max(0, guard.sinceRevision + 1));
  const isTouched = newer?.some(({ key }) => key && compareBytes(key, guard.key) === 0);
  return isTouched ? refusal(append, log, 'guard') : undefined;
}

const refusal = (
  { stream, expected }: PreparedAppend,
  log: LogState,
  reason: WrongExpectedRevision['reason'],
) => new WrongExpectedRevision(stream, expected, endOf(log, stream), reason);

/** Returns all events of a log in the order of one way in which it may have come about. */
export function historyOf(log: LogState): readonly StoredEvent[] {
  const parts: (readonly StoredEvent[])[] = [];
  for (let at: LogState | undefined = log; at; at = at.before) parts.push(at.appended);
  return parts.toReversed().flat();
}

/** As readers are given it: parsed anew each time. */
export function recorded(event: StoredEvent, position = POSITION): RecordedEvent {
  const { stream, revision, id, type, version, closes, json } = event;
  const { atMs, caller, requestId, commandId } = event;
  const data = JSON.parse(json) as RecordedEvent['data'];
  const by = { atMs, caller, requestId, commandId };
  return { stream, revision, position, id: id as EventId, type, version, closes, data, ...by };
}

/** Returns what a read of a stream finds. */
export function readStream(
  log: LogState,
  stream: string,
  { from, direction, limit }: { from: number; direction: 'forward' | 'backward'; limit: number },
): readonly StoredEvent[] {
  const events = log.streams.get(stream)?.events ?? [];
  if (direction === 'forward') return events.slice(Math.max(0, from), Math.max(0, from) + limit);
  const end = Math.min(from, events.length - 1) + 1;
  return end <= 0 ? [] : events.slice(Math.max(0, end - limit), end).toReversed();
}
