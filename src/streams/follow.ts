import type { EventFilter } from './event-filter.js';
import type { EventForm, Links } from './links.js';
import type { LiveTail } from './live-tail.js';
import { PageSize, type Pages } from './pages.js';
import type { ReadResp } from './protocol/messages.js';
import { positionOf, timestampOf } from './protocol/values.js';
import { streamDeleted } from './refusal.js';
import { isTombstone, type ServedEvent } from './served-event.js';
import { isVisible, type StreamStates } from './stream-states.js';

interface Subscription {
  readonly id: string;
  readonly form: EventForm;
  /** Whoever follows went away. */
  readonly signal: AbortSignal;
}

export interface StreamSubscription extends Subscription {
  readonly stream: string;
  /** A revision that the client has had; -1: none; `Infinity`: all there are. */
  readonly after: number;
}

export interface AllSubscription extends Subscription {
  /** A position that the client has had; 0: none; `Infinity`: all there are. */
  readonly after: number;
  readonly filter?: EventFilter;
}

export interface FollowPorts {
  readonly pages: Pages;
  readonly states: StreamStates;
  readonly links: Links;
  readonly tail: LiveTail;
  readonly nowMs: () => number;
}

/**
 * Follows the log, or a stream of it: what is there, then what comes.
 *
 * A follower is a generator that is asked for one message after the other, and holds one page or
 * less: whoever reads slowly costs nothing but a place in the log.
 */
export class Follow {
  constructor(private readonly ports: FollowPorts) {}

  async *all({ id, after, filter, form, signal }: AllSubscription): AsyncGenerator<ReadResp> {
    const { tail, links } = this.ports;
    const end = await tail.begin();
    yield { confirmation: { subscriptionId: id } };
    let at = after === Infinity ? end : after;
    let isLive = false;
    let considered = 0;
    let checkpointAt = at;
    const size = new PageSize();
    while (!signal.aborted) {
      await tail.begin();
      const news = tail.news();
      const known = tail.after(at);
      const events = known ?? (await this.ports.pages.after(at, size));
      for (const event of events) {
        if (signal.aborted) return;
        at = event.position;
        if (filter?.takes(event) !== false) yield { event: await links.eventOf(event, form) };
        if (filter && ++considered % filter.checkpointEvery === 0) {
          checkpointAt = at;
          yield this.#checkpoint(at);
        }
      }
      if (events.length > 0) {
        // A client is told again that it has caught up only when it had fallen behind the tail.
        isLive &&= known !== undefined;
        continue;
      }
      if (!isLive) {
        if (filter && at > checkpointAt) {
          checkpointAt = at;
          yield this.#checkpoint(at);
        }
        isLive = true;
        yield { caughtUp: { at: this.#now(), ...(at > 0 && { position: positionOf(at) }) } };
        continue;
      }
      await either(news, signal);
    }
  }

  /** @throws Refusal  the stream was deleted for ever, or is while it is followed */
  async *stream(subscription: StreamSubscription): AsyncGenerator<ReadResp> {
    const { id, stream, signal } = subscription;
    const { tail, states } = this.ports;
    let at = await tail.begin();
    const { lastRevision } = await states.of(stream);
    yield { confirmation: { subscriptionId: id } };
    let after = subscription.after === Infinity ? lastRevision : subscription.after;
    while (!signal.aborted) {
      for await (const event of this.#missed(stream, after)) {
        if (signal.aborted) return;
        after = event.revision;
        yield await this.#eventOf(event, subscription);
      }
      yield { caughtUp: { at: this.#now(), ...(after >= 0 && { revision: after }) } };
      for (;;) {
        if (signal.aborted) return;
        const news = tail.news();
        const events = tail.after(at);
        // The tail has gone on without us: look at the stream itself again.
        if (events === undefined) break;
        for (const event of events) {
          at = event.position;
          if (event.stream !== stream || event.revision <= after) continue;
          after = event.revision;
          yield await this.#eventOf(event, subscription);
          if (isTombstone(event)) throw streamDeleted(stream);
        }
        if (events.length > 0) continue;
        await either(news, signal);
        await tail.begin();
      }
      at = await tail.begin();
    }
  }

  async *#missed(stream: string, after: number): AsyncGenerator<ServedEvent> {
    const { pages, states } = this.ports;
    const state = await states.of(stream);
    if (state.isTombstoned) throw streamDeleted(stream);
    const from = Math.max(after + 1, state.firstRevision);
    for await (const page of pages.stream(stream, { from, direction: 'forward', wanted: Infinity }))
      for (const event of page) if (isVisible(state, event)) yield event;
  }

  async #eventOf(event: ServedEvent, { form }: Subscription): Promise<ReadResp> {
    return { event: await this.ports.links.eventOf(event, form) };
  }

  #checkpoint(position: number): ReadResp {
    return { checkpoint: { ...positionOf(position), at: this.#now() } };
  }

  #now() {
    return timestampOf(this.ports.nowMs());
  }
}

/** Resolves with the news, or when nobody waits for it any more; leaves no listener behind. */
function either(news: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    signal.addEventListener('abort', done);
    void news.then(done);
    if (signal.aborted) done();
  });
}
