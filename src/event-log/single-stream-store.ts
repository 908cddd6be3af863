import type { EventContext, EventFilter, RecordedEvent } from '../ports/event-log.js';
import type { PreparedEvent } from './prepare-group.js';

/** An event on its way: checked, encoded, and with what stands on it. */
export interface OutgoingEvent extends Omit<PreparedEvent, 'context'>, EventContext {}

/** An event that a store has, with the key that guards compare. */
export interface KeyedEvent extends RecordedEvent {
  readonly key: Uint8Array | undefined;
}

/**
 * What a store must be able to do so that `StepwiseEventLog` makes an `EventLog` of it: appends to
 * one stream, behind the event of an exact revision. EventStoreDB is one.
 */
export interface SingleStreamStore {
  /** Above this, appends of several callers do not go together. One caller's is never cut. */
  readonly batchBytesMax?: number;

  /**
   * Appends all events or none, right behind the event of a revision; -1: the stream has none.
   *
   * When these very events stand there already the store may say so as if it had written them.
   *
   * @returns the position of the last of them
   * @throws WrongExpectedRevision  the stream ends elsewhere; nothing was written
   * @throws UnknownOutcome  it was written, or may yet be: behind this revision, or never
   * @throws StoreUnavailable  not sent, nothing written
   */
  appendAt(
    stream: string,
    revision: number,
    events: readonly OutgoingEvent[],
  ): Promise<{ readonly position: number }>;

  /** As `EventLog.read`: what was acknowledged before the call is in it. */
  read(
    stream: string,
    options: { from: number; direction: 'forward' | 'backward'; limit: number },
  ): Promise<readonly KeyedEvent[]>;

  /** As `EventLog.readAll`. */
  readAll(options: {
    after: number;
    limit: number;
    filter?: EventFilter;
  }): Promise<readonly RecordedEvent[]>;

  /** Returns the position of the last event, or `after` when there is none behind it. */
  lastPosition(after: number): Promise<number>;

  /** As `EventLog.subscribe`. */
  subscribe(options: {
    after: number;
    signal: AbortSignal;
    filter?: EventFilter;
  }): AsyncIterable<RecordedEvent>;

  close(): Promise<void>;
}
