import {
  eventTypeFilter,
  START,
  streamNameFilter,
  type AllStreamResolvedEvent,
  type AllStreamSubscription,
  type Filter,
  type Position,
} from '@eventstore/db-client';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailable } from '../../ports/store-errors.js';
import { pauseMs } from '../pause.js';
import type { ClientLine } from './client-line.js';
import type { KeyedEvent } from '../single-stream-store.js';
import { fromStored, toNumber } from './stored-event.js';

/** An event, or only how far the store has looked without finding one that was asked for. */
export interface FeedItem {
  readonly event: KeyedEvent | undefined;
  readonly position: number;
}

export interface AllFeedOptions {
  readonly after: number;
  readonly signal: AbortSignal;
  /** Left out: every stream. */
  readonly streamPrefixes?: readonly string[];
  /** Returns the position of the last event of the log that a feed should have seen. */
  readonly lastPosition: (after: number) => Promise<number>;
  readonly watchMs?: number;
}

/**
 * Yields what the store has after a position, in order, each once, for as long as wanted.
 *
 * The store's subscription neither comes back by itself nor always says that it is over. So each
 * one is followed by another from the last position that was handed out, and one that is silent is
 * compared with the log's end from time to time.
 */
export async function* followAll(
  line: ClientLine,
  options: AllFeedOptions,
): AsyncGenerator<FeedItem> {
  const { signal } = options;
  let { after } = options;
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      for await (const item of followOnce(line, { ...options, after })) {
        if (signal.aborted) return;
        attempt = 0;
        // What the store sends twice around its turn from reading to following is one.
        if (item.position <= after) continue;
        after = item.position;
        yield item;
      }
    } catch (error) {
      if (signal.aborted) return;
      // Not the store's words, but ours: the log is closed, or a bug.
      if (error instanceof StoreUnavailable) return;
    }
    await sleep(pauseMs(attempt), undefined, { signal }).catch(() => undefined);
  }
}

async function* followOnce(line: ClientLine, options: AllFeedOptions): AsyncGenerator<FeedItem> {
  const { after, signal } = options;
  const { client, lost } = line.lend();
  const inbox = new Inbox();
  const over = AbortSignal.any([signal, lost]);
  const end = () => inbox.end();
  over.addEventListener('abort', end);
  const subscription: AllStreamSubscription = client.subscribeToAll({
    fromPosition: after === 0 ? START : positionOf(after),
    filter: filterOf(options, (at) => {
      // Events before it may still wait to be handed out; the last of them says the same.
      if (subscription.readableLength === 0) inbox.put({ event: undefined, position: at });
    }),
  });
  inbox.feedFrom(subscription);
  let watched = after;
  const watch = setInterval(() => {
    const seen = inbox.lastPosition ?? after;
    if (seen === watched) void isBehind(options, seen).then((behind) => behind && inbox.end());
    watched = seen;
  }, options.watchMs ?? WATCH_MS);
  try {
    if (!over.aborted) yield* inbox.items();
  } finally {
    clearInterval(watch);
    over.removeEventListener('abort', end);
    subscription.on('error', () => undefined);
    // Not waited for: a client that never reached a server never says that it is over.
    void subscription.unsubscribe().catch(() => undefined);
  }
}

/** Whether the log has more than a feed has seen that is silent. */
async function isBehind({ lastPosition }: AllFeedOptions, seen: number): Promise<boolean> {
  return (await lastPosition(seen).catch(() => seen)) > seen;
}

/** What arrived and was not taken yet; keeps the store waiting when it is much. */
class Inbox {
  readonly #items: FeedItem[] = [];
  #news = Promise.withResolvers<void>();
  #failure: unknown;
  #isOver = false;
  #subscription: AllStreamSubscription | undefined;
  lastPosition: number | undefined;

  feedFrom(subscription: AllStreamSubscription): void {
    this.#subscription = subscription;
    subscription.on('data', (resolved: AllStreamResolvedEvent) => {
      const at = resolved.event?.position.commit ?? resolved.commitPosition;
      if (at === undefined) return;
      this.put({ event: fromStored(resolved), position: toNumber(at) });
      if (this.#items.length >= WAITING_MAX) subscription.pause();
    });
    subscription.on('error', (error: unknown) => {
      this.#failure = error;
      this.end();
    });
    // A server that stops ends its streams without a word.
    for (const name of ['end', 'close'] as const) subscription.on(name, () => this.end());
  }

  put(item: FeedItem): void {
    this.lastPosition = item.position;
    const last = this.#items.at(-1);
    // Of how far it has looked only the last word counts.
    if (last && !item.event && !last.event) this.#items.pop();
    this.#items.push(item);
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  async *items(): AsyncGenerator<FeedItem> {
    for (;;) {
      const item = this.#items.shift();
      if (item) {
        yield item;
        if (this.#items.length === 0) this.#subscription?.resume();
        continue;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#isOver) return;
      await this.#news.promise;
    }
  }

  #wake(): void {
    const { resolve } = this.#news;
    this.#news = Promise.withResolvers();
    resolve();
  }
}

function filterOf({ streamPrefixes }: AllFeedOptions, reached: (at: number) => void): Filter {
  const options = {
    checkpointInterval: CHECKPOINT_WINDOWS,
    maxSearchWindow: SEARCH_WINDOW,
    checkpointReached: (_: unknown, { commit }: Position) => reached(toNumber(commit)),
  };
  return streamPrefixes
    ? streamNameFilter({ prefixes: [...streamPrefixes], ...options })
    : // What the store writes for itself, statistics above all.
      eventTypeFilter({ regex: '^[^$]', ...options });
}

/** An event's record is its own commit, so one number is its place. */
export const positionOf = (at: number): Position => ({ commit: BigInt(at), prepare: BigInt(at) });

const WATCH_MS = 3_000;
/** Events that wait to be taken before the store is kept waiting. */
const WAITING_MAX = 4_000;
/** Events that the store looks at before it says how far it is, where none matches. */
const SEARCH_WINDOW = 500;
const CHECKPOINT_WINDOWS = 1;
