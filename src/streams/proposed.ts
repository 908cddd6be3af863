import {
  keepOutside,
  OUTSIDE_APPEND_BYTES_MAX,
  OUTSIDE_EVENT_BYTES_MAX,
  OUTSIDE_EVENTS_MAX,
} from '../domain/outside-event.js';
import type { NewEvent } from '../ports/event-log.js';
import type { Bits64, ExpectedField, Proposed } from './protocol/messages.js';
import { eventIdOf, numberOf } from './protocol/values.js';
import { appendTooLarge, badArgument, metadataMissing } from './refusal.js';
import { TOMBSTONE_TYPE } from './served-event.js';

/** What a stream has to be for an append: a revision of its last event, or one of these. */
export type Wanted = 'none' | 'any' | 'exists' | number;

/** @throws Refusal  the client said nothing of it */
export function wantedOf(at: { expected?: ExpectedField; revision: Bits64 }): Wanted {
  switch (at.expected) {
    case 'revision':
      return numberOf(at.revision);
    case 'noStream':
      return 'none';
    case 'any':
      return 'any';
    case 'streamExists':
      return 'exists';
    default:
      throw badArgument('an append says what its stream has to be');
  }
}

/** The events of one append, as they come in; they are counted before they are kept. */
export class ProposedEvents {
  readonly #events: NewEvent[] = [];
  #bytes = 0;

  get events(): readonly NewEvent[] {
    return this.#events;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws Refusal  a part is missing or wrong, or it is too much */
  add(proposed: Proposed): void {
    const { data, customMetadata: metadata } = proposed;
    const { type } = proposed.metadata;
    const contentType = proposed.metadata['content-type'];
    const id = eventIdOf(proposed.id);
    if (type === undefined || type === '') throw metadataMissing('type');
    if (contentType === undefined) throw metadataMissing('content-type');
    if (type.includes('\0')) throw badArgument("an event's type must not hold NUL");
    if (type === TOMBSTONE_TYPE)
      throw badArgument(`${TOMBSTONE_TYPE} is written by Tombstone alone`);
    const bytes = data.length + metadata.length;
    this.#bytes += bytes;
    if (bytes > OUTSIDE_EVENT_BYTES_MAX) throw appendTooLarge(OUTSIDE_EVENT_BYTES_MAX);
    if (this.#bytes > OUTSIDE_APPEND_BYTES_MAX) throw appendTooLarge(OUTSIDE_APPEND_BYTES_MAX);
    if (this.#events.length >= OUTSIDE_EVENTS_MAX) {
      throw badArgument(`an append holds at most ${OUTSIDE_EVENTS_MAX} events`);
    }
    // As EventStoreDB has it: what is not JSON is bytes.
    const kept = contentType === JSON_TYPE ? JSON_TYPE : BYTES_TYPE;
    this.#events.push({ id, ...keepOutside({ type, contentType: kept, data, metadata }) });
  }
}

const JSON_TYPE = 'application/json';
const BYTES_TYPE = 'application/octet-stream';
