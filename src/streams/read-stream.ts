import type { EventForm, Links } from './links.js';
import type { Pages } from './pages.js';
import type { ReadResp } from './protocol/messages.js';
import { identifierOf } from './protocol/values.js';
import { streamDeleted } from './refusal.js';
import { isVisible, type StreamState, type StreamStates } from './stream-states.js';

export interface StreamRead {
  readonly stream: string;
  /** A revision; `Infinity` is the end. */
  readonly from: number;
  readonly direction: 'forward' | 'backward';
  readonly wanted: number;
  readonly form: EventForm;
  /** The client knows the messages that say where a stream begins and ends. */
  readonly saysEnds: boolean;
}

/** Reads one stream, of which its metadata leaves what it leaves. */
export class ReadStream {
  constructor(
    private readonly pages: Pages,
    private readonly states: StreamStates,
    private readonly links: Links,
  ) {}

  /** @throws Refusal  the stream was deleted for ever */
  async *answers(read: StreamRead): AsyncGenerator<ReadResp> {
    const state = await this.states.of(read.stream);
    if (state.isTombstoned) throw streamDeleted(read.stream);
    if (state.lastRevision < 0 || state.isDeleted) {
      yield { streamNotFound: { stream: identifierOf(read.stream) } };
      return;
    }
    let sent = 0;
    for await (const event of this.#events(read, state)) {
      yield { event: await this.links.eventOf(event, read.form) };
      if (++sent === read.wanted) break;
    }
    if (!read.saysEnds) return;
    const next = nextOf(read, state);
    if (sent === 0 && read.direction === 'forward' && next !== read.from) {
      yield { firstRevision: next };
    }
    yield { lastRevision: state.lastRevision };
  }

  async *#events(read: StreamRead, state: StreamState) {
    const { direction, wanted } = read;
    const from =
      direction === 'forward'
        ? Math.max(read.from, state.firstRevision)
        : Math.min(read.from, state.lastRevision);
    if (from > state.lastRevision) return;
    // By age some may be left out, so more may have to be read than are wanted.
    const atMost = state.since === undefined ? wanted : Infinity;
    for await (const page of this.pages.stream(read.stream, { from, direction, wanted: atMost })) {
      for (const event of page) {
        if (isVisible(state, event)) yield event;
        else if (direction === 'backward') return;
      }
    }
  }
}

/** Where the next event would be, had there been none: clients look for the first one there. */
function nextOf({ from }: StreamRead, { firstRevision, lastRevision }: StreamState): number {
  return from > lastRevision ? lastRevision + 1 : Math.max(from, firstRevision);
}
