import type {
  KeyedEvent,
  OutgoingEvent,
  SingleStreamStore,
} from '../../src/event-log/single-stream-store.js';
import type { MemoryEventLog } from '../../src/event-log/memory-event-log.js';
import type { EventFilter, NewEvent, RecordedEvent } from '../../src/ports/event-log.js';
import { WrongExpectedRevision } from '../../src/ports/store-errors.js';
import { assert } from '../../src/shared/assert.js';
import { InTurn } from '../../src/shared/in-turn.js';
import type { EventId } from '../../src/domain/model.js';

/** What a memory log does of itself, with nothing but appends to one stream at one revision. */
export class MemorySingleStreams implements SingleStreamStore {
  /** By stream and event id; a log does not tell what it keeps for guards. */
  readonly #turns = new InTurn();
  readonly #keys = new Map<string, Uint8Array>();

  constructor(private readonly log: MemoryEventLog) {}

  /** Events of several callers are appends of their own; nothing comes between them. */
  appendAt(
    stream: string,
    revision: number,
    events: readonly OutgoingEvent[],
  ): Promise<{ readonly position: number }> {
    return this.#turns.run('', async () => {
      const end = await this.log.end(stream);
      const known = await Promise.all(events.map(({ id }) => this.log.find(stream, id as EventId)));
      const last = known.at(-1);
      if (last && known.every((one, at) => one?.revision === revision + at + 1)) return last;
      // Some of them are no repeat, and where they stand nothing of the others may be written.
      if (end.revision !== revision || known.some((one) => one !== undefined)) {
        throw new WrongExpectedRevision(stream, revision, end, 'revision');
      }
      let position = 0;
      for (const [at, event] of events.entries()) {
        const { id, key, atMs, caller, requestId, commandId } = event;
        if (key) this.#keys.set(`${stream}/${id}`, key);
        const append = { stream, expected: revision + at, events: [newEventOf(event)] };
        const context = { atMs, caller, requestId, commandId };
        const [result] = await this.log.append([append], context);
        assert(result, 'an append has a result');
        ({ position } = result);
      }
      return { position };
    });
  }

  async read(
    stream: string,
    options: { from: number; direction: 'forward' | 'backward'; limit: number },
  ): Promise<readonly KeyedEvent[]> {
    const events = await this.log.read(stream, options);
    return events.map((event) => ({ ...event, key: this.#keys.get(`${stream}/${event.id}`) }));
  }

  readAll(options: {
    after: number;
    limit: number;
    filter?: EventFilter;
  }): Promise<readonly RecordedEvent[]> {
    return this.log.readAll(options);
  }

  async lastPosition(after: number): Promise<number> {
    return Math.max(after, await this.log.lastPosition());
  }

  subscribe(options: {
    after: number;
    signal: AbortSignal;
    filter?: EventFilter;
  }): AsyncIterable<RecordedEvent> {
    return this.log.subscribe(options);
  }

  close(): Promise<void> {
    return this.log.close();
  }
}

/** Returns the event that a stream is asked to take. */
export const newEventOf = ({ id, type, version, json, closes, key }: OutgoingEvent): NewEvent => ({
  id: id as EventId,
  type,
  version,
  data: JSON.parse(json) as NewEvent['data'],
  closes,
  ...(key && { key }),
});
