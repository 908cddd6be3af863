import type { AppendResult, StreamEnd } from '../ports/event-log.js';
import { EventRefused, WrongExpectedRevision } from '../ports/store-errors.js';
import { assert } from '../shared/assert.js';
import { byteText } from '../shared/bytes.js';
import type { PreparedAppend } from './prepare-group.js';
import { refusalOf } from './refusal-of.js';

interface Place {
  readonly revision: number;
  readonly position: number;
}

/** As much of an event as a judgement needs. */
export interface SeenEvent {
  readonly id: string;
  readonly closes: boolean;
  readonly key: Uint8Array | undefined;
}

export type Verdict =
  | { readonly kind: 'known'; readonly answer: AppendResult }
  | { readonly kind: 'refused'; readonly error: WrongExpectedRevision | EventRefused }
  | { readonly kind: 'in' };

/**
 * A stream from its beginning to the last event that this node has seen, as far as appends are
 * judged by it: event ids, then openness or revision, then the guard.
 *
 * It may be behind the stream. What it lets pass the store decides at the exact revision; what it
 * refuses must be judged again on a window that was brought up to date.
 */
export class StreamWindow {
  readonly #byId = new Map<string, Place>();
  /** By key: the revision of its last event. */
  readonly #lastOfKey = new Map<string, number>();
  #end: StreamEnd = { revision: -1, isClosed: false };

  get end(): StreamEnd {
    return this.#end;
  }

  get eventCount(): number {
    return this.#byId.size;
  }

  placeOf(id: string): Place | undefined {
    return this.#byId.get(id);
  }

  take({ id, closes, key }: SeenEvent, position: number): void {
    const revision = this.#end.revision + 1;
    this.#byId.set(id, { revision, position });
    if (key) this.#lastOfKey.set(byteText(key), revision);
    this.#end = { revision, isClosed: closes };
  }

  /** Returns what becomes of an append behind others that are about to be made. */
  judge(append: PreparedAppend, ahead: readonly PreparedAppend[] = []): Verdict {
    const { stream, expected, guard, events } = append;
    const known = events.flatMap(({ id }) => this.#byId.get(id) ?? []);
    if (known.length === events.length) return { kind: 'known', answer: firstAnswer(known) };
    if (known.length > 0) {
      const why = 'some of the events are known, and some are not';
      return { kind: 'refused', error: new EventRefused(why) };
    }
    const coming = ahead.flatMap((other) => other.events);
    const actual = {
      revision: this.#end.revision + coming.length,
      isClosed: coming.at(-1)?.closes ?? this.#end.isClosed,
    };
    const reason = refusalOf(expected, actual) ?? (guard && this.#guardRefusal(guard, coming));
    if (reason === undefined) return { kind: 'in' };
    const error = new WrongExpectedRevision(stream, expected, actual, reason);
    return { kind: 'refused', error };
  }

  #guardRefusal(
    guard: NonNullable<PreparedAppend['guard']>,
    coming: readonly SeenEvent[],
  ): 'guard' | undefined {
    const key = byteText(guard.key);
    const last = this.#lastOfKey.get(key) ?? -1;
    const isMoved = last > guard.sinceRevision;
    const isMoving = coming.some(
      (event, at) =>
        this.#end.revision + 1 + at > guard.sinceRevision &&
        event.key &&
        byteText(event.key) === key,
    );
    return isMoved || isMoving ? 'guard' : undefined;
  }

  /**
   * Goes on behind events that the store has had and does not show any more. A stream that ends
   * with such is not open: nobody can say what its last event was.
   */
  passOver(revision: number): void {
    if (revision > this.#end.revision) this.#end = { revision, isClosed: true };
  }
}

function firstAnswer(known: readonly Place[]): AppendResult {
  const last = known.at(-1);
  assert(last, 'an append has at least one event');
  return { ...last, isRepeated: true };
}
