import type { EventLog } from '../ports/event-log.js';
import { fromUtf8 } from '../shared/bytes.js';
import type { ReadEvent } from './protocol/messages.js';
import {
  LINK_TYPE,
  readEventOf,
  servedEvent,
  type ServedEvent,
  type UuidForm,
} from './served-event.js';
import { isVisible, type StreamStates } from './stream-states.js';

/** How a client wants its events. */
export interface EventForm {
  readonly uuids: UuidForm;
  /** An event that only stands for another comes with that one. */
  readonly resolvesLinks: boolean;
}

/** Puts events into a client's form. */
export class Links {
  constructor(
    private readonly log: EventLog,
    private readonly states: StreamStates,
  ) {}

  async eventOf(event: ServedEvent, { uuids, resolvesLinks }: EventForm): Promise<ReadEvent> {
    if (!resolvesLinks || event.carried.type !== LINK_TYPE) return readEventOf(event, uuids);
    return readEventOf(await this.#target(event), uuids, event);
  }

  /** Returns what a link stands for, or undefined when that is not there or not to be seen. */
  async #target({ carried }: ServedEvent): Promise<ServedEvent | undefined> {
    const [, revision, stream] = /^(\d{1,15})@(.+)$/su.exec(textOf(carried.data)) ?? [];
    if (revision === undefined || stream === undefined || stream.includes('\0')) return undefined;
    const [state, found] = await Promise.all([
      this.states.of(stream),
      this.log.read(stream, { from: Number(revision), direction: 'forward', limit: 1 }),
    ]);
    const event = found[0] && servedEvent(found[0]);
    if (event?.revision !== Number(revision) || state.isTombstoned) return undefined;
    return isVisible(state, event) ? event : undefined;
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    return '';
  }
}
