import { eventIdOf } from '../domain/event-id.js';
import { keepOutside } from '../domain/outside-event.js';
import type { EventContext, EventLog, NewEvent } from '../ports/event-log.js';
import { WrongExpectedRevision } from '../ports/store-errors.js';
import { utf8 } from '../shared/bytes.js';
import { TOMBSTONE_KEY } from './appends.js';
import { refusalOf } from './log-faults.js';
import type { Wanted } from './proposed.js';
import { badArgument, streamDeleted, tooBusy, wrongExpectedVersion } from './refusal.js';
import { TOMBSTONE_TYPE } from './served-event.js';
import {
  DELETED_UNTIL,
  isMetadataStream,
  METADATA_TYPE,
  metadataStreamOf,
  type StreamState,
  type StreamStates,
} from './stream-states.js';

export interface Deletion {
  readonly stream: string;
  readonly wanted: Wanted;
  readonly context: EventContext;
}

/** Deletes streams by EventStoreDB's rules: until they are written to again, or for ever. */
export class Deletes {
  constructor(
    private readonly log: EventLog,
    private readonly states: StreamStates,
  ) {}

  /**
   * Hides what a stream holds: its metadata says so, and up to where. What is appended from then on
   * is seen, and its numbers go on.
   *
   * @returns the position of the event that says so
   * @throws Refusal  it was deleted for ever, or is not as wanted
   */
  delete(deletion: Deletion): Promise<number> {
    return this.#again(deletion, async (state) => {
      const { stream, context } = deletion;
      const expected = state.metadata?.revision ?? -1;
      const events = [deletedEvent(context, state)];
      return this.log.append([{ stream: metadataStreamOf(stream), expected, events }], context);
    });
  }

  /**
   * Ends a stream for ever: by a last event, which it shows to nobody but who reads the whole log.
   *
   * @returns its position
   * @throws Refusal  it was, or is not as wanted
   */
  tombstone(deletion: Deletion): Promise<number> {
    return this.#again(deletion, async ({ lastRevision: expected }) => {
      const { stream, context } = deletion;
      return this.log.append([{ stream, expected, events: [tombstoneOf(context)] }], context);
    });
  }

  async #again(
    { stream, wanted }: Deletion,
    append: (state: StreamState) => ReturnType<EventLog['append']>,
  ): Promise<number> {
    if (isMetadataStream(stream)) throw badArgument(`${stream} goes with the stream that it is of`);
    try {
      for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        const state = await this.states.of(stream);
        check(stream, wanted, state);
        try {
          const [result] = await append(state);
          return result?.position ?? 0;
        } catch (error) {
          if (!(error instanceof WrongExpectedRevision)) throw error;
        }
      }
      throw tooBusy(`others write to ${stream}`);
    } catch (error) {
      throw refusalOf(error);
    }
  }
}

/** @throws Refusal */
function check(stream: string, wanted: Wanted, state: StreamState): void {
  if (state.isTombstoned) throw streamDeleted(stream);
  const actual = state.isDeleted ? -1 : state.lastRevision;
  const isRight =
    wanted === 'any' ||
    (wanted === 'none' && actual < 0) ||
    (wanted === 'exists' && actual >= 0) ||
    wanted === actual;
  if (isRight) return;
  const expected = typeof wanted === 'number' ? wanted : NUMBERS[wanted];
  throw wrongExpectedVersion('Delete', { stream, expected, actual });
}

function deletedEvent({ commandId }: EventContext, state: StreamState): NewEvent {
  const { $tb: _, ...fields } = state.metadata?.fields ?? {};
  // By hand: the number is one that a double does not hold.
  const rest = JSON.stringify(fields).slice(1);
  const text = `{"$tb":9223372036854775807${rest === '}' ? '' : ','}${rest}`;
  return {
    id: eventIdOf(commandId, `deleted/${state.metadata?.revision ?? -1}`),
    ...keepOutside({
      type: METADATA_TYPE,
      contentType: 'application/json',
      data: utf8(text),
      metadata: utf8(JSON.stringify({ [DELETED_UNTIL]: state.lastRevision })),
    }),
  };
}

const tombstoneOf = ({ commandId }: EventContext): NewEvent => ({
  id: eventIdOf(commandId, 'tombstone'),
  closes: true,
  key: TOMBSTONE_KEY,
  ...keepOutside({
    type: TOMBSTONE_TYPE,
    contentType: 'application/json',
    data: new Uint8Array(),
    metadata: new Uint8Array(),
  }),
});

/** As EventStoreDB has them. */
const NUMBERS = { none: -1, any: -2, exists: -4 } as const;
const ATTEMPTS_MAX = 8;
