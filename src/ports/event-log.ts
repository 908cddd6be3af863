import type { CommandId, EventId } from '../domain/model.js';
import type { KvWrite } from './kv-store.js';

/**
 * What a stream must be for an append to be accepted.
 *
 * - `'none'`: it has no event yet.
 * - a number: the revision of its last event, exactly; -1 is `'none'`, as `end` says it.
 * - `'any'`: whatever it is.
 * - `'open'`: it exists, was not purged, and its last event does not close it. An append that
 *   does not ask for `'open'` may follow a closing event; then its own last event counts.
 */
export type Expected = 'none' | 'any' | 'open' | number;

export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface NewEvent {
  /** Unique in its stream. A stream that knows it gives the first answer again. */
  readonly id: EventId;
  readonly type: string;
  /** The schema version of `data`, from 1. */
  readonly version: number;
  /** At most {@link EVENT_BYTES_MAX} as JSON; any character, NUL and lone surrogates too. */
  readonly data: { readonly [key: string]: Json };
  /** No `'open'` append gets behind this event. */
  readonly closes?: boolean;
  /** What a guard compares: an object's path as UTF-8 bytes. */
  readonly key?: Uint8Array;
  /** What stands on it instead of the append's own: it was recorded before, in another log. */
  readonly recorded?: EventContext;
}

/** Refuses when `key` has an event in the stream after `sinceRevision`. */
export interface Guard {
  readonly key: Uint8Array;
  /** -1: in all of the stream. */
  readonly sinceRevision: number;
}

export interface StreamAppend {
  readonly stream: string;
  readonly expected: Expected;
  /** At least one. */
  readonly events: readonly NewEvent[];
  readonly guard?: Guard;
  /** Tells others of this process, which do not wait for its answer, whether it was accepted. */
  readonly mark?: AppendMark;
  /**
   * Of an append that this one was decided on: unless that was accepted, this is refused as another
   * revision. So it can be sent before that one is answered. Only where {@link EventLog.groups} are
   * `'whole'`.
   */
  readonly behind?: AppendMark;
}

export interface AppendMark {
  /** Set by the log, when the append is accepted and is no repeat. */
  isAccepted: boolean;
}

/** Stands on each event of an append. */
export interface EventContext {
  /** UTC, epoch, by the writer's clock. */
  readonly atMs: number;
  readonly caller: string;
  readonly requestId: string;
  readonly commandId: CommandId;
}

/** An event as its writer knows it: no revision and no position, which come with the append. */
export interface WrittenEvent extends EventContext {
  readonly stream: string;
  readonly id: EventId;
  readonly type: string;
  readonly version: number;
  readonly data: { readonly [key: string]: Json };
}

export interface RecordedEvent extends WrittenEvent {
  /** Its place in its stream, from 0, without gaps. */
  readonly revision: number;
  /** Its place in the whole log; ascending, with gaps allowed between committed ones. */
  readonly position: number;
  readonly closes: boolean;
}

export interface AppendResult {
  /** Of the last of the appended events. */
  readonly revision: number;
  readonly position: number;
  /**
   * The stream knew these event ids: nothing was written, this is the first answer. A `'stepwise'`
   * log may say `false` of that too. So whoever shares event ids with others, but perhaps not what
   * the events say, reads what stands there.
   */
  readonly isRepeated: boolean;
}

export interface StreamEnd {
  /** Of the last event; -1 when the stream has none. */
  readonly revision: number;
  readonly isClosed: boolean;
}

export interface EventFilter {
  /** Streams that begin with one of these; left out: all. */
  readonly streamPrefixes?: readonly string[];
}

/** What the views take of an event, in the append's own transaction. Pure. */
export type InlineProjection = (event: WrittenEvent) => readonly KvWrite[];

/**
 * An append-only log of streams, and the only place where a race is decided.
 *
 * Three outcomes, never two: accepted (a result), refused (`WrongExpectedRevision`: nothing was
 * written), unknown (`UnknownOutcome`: it may have been, or may yet be, written). After unknown a
 * caller sends the *same* appends again; the log judges event ids before anything else.
 */
export abstract class EventLog {
  /**
   * What an append to several streams is.
   *
   * - `'whole'`: all of it is written, or nothing.
   * - `'stepwise'`: its appends are steps, taken in the order given. What must be refused as things
   *   stand is refused before the first; but a step that loses a race, or that nobody answers,
   *   leaves those before it, and a node that dies leaves the first ones alone. The same call again
   *   takes the steps that are left.
   *
   * So whoever appends to several streams names them in an order in which each beginning is a
   * state that others can go on from. Source: docs/adr/0024-groups-are-steps-in-an-order.md.
   */
  abstract readonly groups: 'whole' | 'stepwise';

  /**
   * Appends to one stream, or to several, in the way that {@link groups} says. The views' writes of
   * these events are visible when this returns, to every reader of the same store.
   *
   * @throws WrongExpectedRevision  a stream was not as expected, or its guard refused; of this
   *   stream, and of those behind it, nothing is written
   * @throws UnknownOutcome  the store did not answer; send the same again
   * @throws StoreUnavailable  not sent, nothing written
   * @throws EventRefused  too large, empty, or partly known: nothing written
   */
  abstract append(
    appends: readonly StreamAppend[],
    context: EventContext,
  ): Promise<readonly AppendResult[]>;

  /** Returns at most `limit` (≤ {@link READ_EVENTS_MAX}) events of a stream, from a revision on. */
  abstract read(
    stream: string,
    options: { from: number; direction: 'forward' | 'backward'; limit: number },
  ): Promise<readonly RecordedEvent[]>;

  /** Returns the event with this id, if the stream has it. */
  abstract find(stream: string, id: EventId): Promise<RecordedEvent | undefined>;

  abstract end(stream: string): Promise<StreamEnd>;

  /**
   * Returns at most `limit` events after a position (exclusive; 0 from the beginning), ascending.
   * No event with a lower position ever becomes visible later.
   */
  abstract readAll(options: {
    after: number;
    limit: number;
    filter?: EventFilter;
  }): Promise<readonly RecordedEvent[]>;

  /**
   * Returns the position of the last event that reads show; 0 of an empty log. What is appended
   * after this call comes behind it.
   */
  abstract lastPosition(): Promise<number>;

  /**
   * Yields every event after a position, in order, each once, and goes on with new ones until
   * `signal` aborts. Survives a lost connection; a caller resumes with the last position it kept.
   */
  abstract subscribe(options: {
    after: number;
    signal: AbortSignal;
    filter?: EventFilter;
  }): AsyncIterable<RecordedEvent>;

  /** Ends it: waiting appends are finished or answered, connections closed. */
  abstract close(): Promise<void>;
}

export const EVENT_BYTES_MAX = 1024 * 1024;
export const READ_EVENTS_MAX = 1000;
/** Events in one call of `append`, over all its streams. */
export const APPEND_EVENTS_MAX = 2000;
/** JSON characters in one call of `append`, over all its events. */
export const APPEND_BYTES_MAX = 8 * 1024 * 1024;
