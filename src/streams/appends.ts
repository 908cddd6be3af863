import { eventIdOf } from '../domain/event-id.js';
import { keepOutside } from '../domain/outside-event.js';
import type {
  AppendResult,
  EventContext,
  EventLog,
  Expected,
  NewEvent,
  StreamAppend,
} from '../ports/event-log.js';
import { EventRefused, WrongExpectedRevision } from '../ports/store-errors.js';
import { utf8 } from '../shared/bytes.js';
import type { Wanted } from './proposed.js';
import { refusalOf } from './log-faults.js';
import { streamDeleted, tooBusy } from './refusal.js';
import {
  DELETED,
  METADATA_TYPE,
  metadataStreamOf,
  type StreamState,
  type StreamStates,
} from './stream-states.js';

export interface OutsideAppend {
  readonly stream: string;
  readonly wanted: Wanted;
  readonly events: readonly NewEvent[];
  readonly context: EventContext;
}

/** Where an append of events ended, or why it did not: the stream was another one. */
export type Outcome =
  | { readonly kind: 'appended'; readonly revision: number; readonly position?: number }
  /** `actual` is -1 when there is no stream. */
  | { readonly kind: 'wrong'; readonly actual: number };

/**
 * Appends what outsiders wish, by EventStoreDB's rules.
 *
 * Who is right in a race the log says: a deleted stream is told by a guard on the key that its
 * tombstone has, since a look at the stream beforehand may be too old.
 */
export class OutsideAppends {
  constructor(
    private readonly log: EventLog,
    private readonly states: StreamStates,
  ) {}

  /**
   * @param before  resolves when the appends that the same client asked for earlier have been sent
   *   to the log
   * @param sent  called when this one has been
   * @throws Refusal  the stream was deleted, the store is away or cannot say, or it is no append
   */
  async append(
    wish: OutsideAppend,
    { before, sent }: { before?: Promise<void>; sent?: () => void } = {},
  ): Promise<Outcome> {
    try {
      for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        const state = await this.#stateFor(wish.stream);
        await before;
        if (state.isTombstoned) throw streamDeleted(wish.stream);
        if (wish.events.length === 0) return nothing(wish, state);
        if (state.isDeleted && wish.wanted === 'exists') return { kind: 'wrong', actual: -1 };
        const submitted = this.log.append(appendsOf(wish, state), wish.context);
        sent?.();
        const outcome = await this.#outcome(submitted, wish, state);
        if (outcome !== 'again') return outcome;
      }
      throw tooBusy(`others delete and create ${wish.stream}`);
    } catch (error) {
      throw refusalOf(error);
    } finally {
      sent?.();
    }
  }

  /** A stream's metadata goes with it: of a deleted one it is deleted too. */
  async #stateFor(stream: string): Promise<StreamState> {
    const of = stream.startsWith('$$') ? stream.slice(2) : undefined;
    const [state, owner] = await Promise.all([
      this.states.of(stream),
      of === undefined || of === '' ? undefined : this.states.of(of),
    ]);
    return owner?.isTombstoned ? { ...state, isTombstoned: true } : state;
  }

  async #outcome(
    submitted: Promise<readonly AppendResult[]>,
    wish: OutsideAppend,
    state: StreamState,
  ): Promise<Outcome | 'again'> {
    const { stream, events } = wish;
    try {
      const [result] = await submitted;
      return { kind: 'appended', ...(result as AppendResult) };
    } catch (error) {
      if (error instanceof EventRefused) {
        const first = await Promise.all(
          events.slice(0, 100).map(({ id }) => this.log.find(stream, id)),
        );
        // Some are there already, and others are not: it is another append than it says.
        if (!first.some((event) => event)) throw error;
        return { kind: 'wrong', actual: (await this.log.end(stream)).revision };
      }
      if (!(error instanceof WrongExpectedRevision)) throw error;
      if (error.reason === 'guard' || error.reason === 'closed') throw streamDeleted(stream);
      if (error.stream !== stream) return 'again';
      const now = await this.#stateFor(stream);
      if (now.isDeleted !== state.isDeleted || now.isTombstoned) return 'again';
      if (state.isDeleted && wish.wanted === 'any') return 'again';
      return { kind: 'wrong', actual: state.isDeleted ? -1 : error.actual.revision };
    }
  }
}

/** The key that a tombstone has, and no other event from outside. */
export const TOMBSTONE_KEY = utf8('$streamDeleted');

/** An append of nothing asks whether the stream is as it should be. */
function nothing({ wanted }: OutsideAppend, state: StreamState): Outcome {
  const actual = state.isDeleted ? -1 : state.lastRevision;
  const isRight =
    wanted === 'any' ||
    (wanted === 'none' && actual < 0) ||
    (wanted === 'exists' && actual >= 0) ||
    wanted === actual;
  return isRight ? { kind: 'appended', revision: actual } : { kind: 'wrong', actual };
}

function appendsOf(wish: OutsideAppend, state: StreamState): readonly StreamAppend[] {
  const { stream, events, wanted } = wish;
  const guard = { key: TOMBSTONE_KEY, sinceRevision: state.lastRevision };
  if (!state.isDeleted) return [{ stream, events, guard, expected: expectedOf(wanted) }];
  // It begins again, behind the numbers that it had; its metadata says from where in the same step.
  const expected = typeof wanted === 'number' ? wanted : state.lastRevision;
  return [{ stream, events, guard, expected }, ...revived(wish, state)];
}

function revived({ stream, events }: OutsideAppend, state: StreamState): readonly StreamAppend[] {
  const { metadata } = state;
  const first = events[0];
  if (!metadata || !first || Number(metadata.fields['$tb']) < DELETED) return [];
  const fields = { ...metadata.fields, $tb: state.lastRevision + 1 };
  const event: NewEvent = {
    id: eventIdOf(first.id, 'revived'),
    ...keepOutside({
      type: METADATA_TYPE,
      contentType: 'application/json',
      data: utf8(JSON.stringify(fields)),
      metadata: new Uint8Array(),
    }),
  };
  return [{ stream: metadataStreamOf(stream), expected: metadata.revision, events: [event] }];
}

const expectedOf = (wanted: Wanted): Expected => (wanted === 'exists' ? 'open' : wanted);

/** Each is lost to somebody else's append only. */
const ATTEMPTS_MAX = 8;
