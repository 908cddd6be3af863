import { FeedConsumer, type FeedEnd, type FeedSink } from './feed-consumer.js';
import type { FeedFilter } from './feed-filter.js';
import { type FeedPorts, FeedRun } from './feed-run.js';
import type { WindowLimits } from './feed-window.js';
import { PageSize } from './page-size.js';

export interface FeedLimits {
  /** One more is refused. */
  readonly consumersMax: number;
  /** How long a consumer hears nothing; and how often it is asked whether it still may. */
  readonly heartbeatMs: number;
  /** How long a connection may take nothing while something waits for it. */
  readonly stallMs: number;
  /** Positions that the window begins before the log's end, for those who come back. */
  readonly reachBack: number;
  /** Left out: {@link FEED_SIZES}. */
  readonly sizes?: WindowLimits;
}

export const FEED_SIZES: WindowLimits = {
  eventsMax: 4_096,
  bytesMax: 16 * 1024 * 1024,
  // What a connection that takes no more may hold of ours, unless one event is larger.
  chunkBytesMax: 128 * 1024,
};

/** A consumer as its connection sees it. */
export interface Following {
  /** The connection takes more again. */
  ready(): void;
  /** The connection is gone. */
  leave(): void;
}

/** What is asked for, and from where. */
export interface FeedPlace {
  readonly filter: FeedFilter;
  /** A position; what comes behind it is told. */
  readonly at: number;
  /** A position before which the consumer is told of none but by events. */
  readonly sayFrom?: number;
}

/** All who are told events by this node, and whether they are still there and still may be. */
export class FeedHub {
  readonly #groups = new Map<string, Set<FeedConsumer>>();
  #count = 0;
  #isDraining = false;
  #run: FeedRun | undefined;
  #beating: AbortController | undefined;

  constructor(
    private readonly ports: FeedPorts,
    private readonly limits: FeedLimits,
  ) {}

  get counts(): { readonly consumers: number; readonly windowBytes: number } {
    return { consumers: this.#count, windowBytes: this.#run?.window?.sizeBytes ?? 0 };
  }

  get isFull(): boolean {
    return this.#count >= this.limits.consumersMax;
  }

  /** A position up to which the log was seen; 0: nobody follows it. */
  get seen(): number {
    return this.#run?.window?.last ?? 0;
  }

  /** Begins to tell a consumer; while the server drains it is ended at once. */
  follow({ filter, at, sayFrom = 0 }: FeedPlace, sink: FeedSink): Following {
    const nowMs = this.ports.elapsedMs();
    const size = new PageSize(this.#sizes.chunkBytesMax);
    const consumer = new FeedConsumer(filter, sink, size, { at, nowMs, sayFrom });
    if (this.#isDraining) {
      consumer.end('draining');
      return { ready: () => undefined, leave: () => undefined };
    }
    const group = this.#groups.get(filter.key) ?? new Set();
    this.#groups.set(filter.key, group.add(consumer));
    this.#count++;
    this.#run ??= this.#begin();
    this.#run.poke();
    return {
      ready: () => {
        consumer.ready();
        this.#run?.poke();
      },
      leave: () => {
        consumer.gone();
        if (this.#forget(consumer)) this.ports.watcher?.ended('gone');
      },
    };
  }

  /** Ends every feed, and each one that is asked for from here on. */
  drain(): void {
    this.#isDraining = true;
    this.#endAll('draining');
  }

  #begin(): FeedRun {
    const { onFault } = this.ports;
    const run = new FeedRun(this.ports, this.#groups, this.#sizes);
    this.#beating = new AbortController();
    void this.#beat(this.#beating.signal).catch(onFault);
    void run.follow(this.limits.reachBack).then(() => {
      // They come again, here or to another node, and go on from where they are.
      if (!run.isStopped) this.#endAll('failed');
    });
    return run;
  }

  /** Lets everybody know that we are here, and lets go of those who are not. */
  async #beat(signal: AbortSignal): Promise<void> {
    const { heartbeatMs, stallMs } = this.limits;
    const { clock, elapsedMs } = this.ports;
    const everyMs = Math.min(LOOK_EVERY_MS, heartbeatMs / 4, stallMs / 4);
    while (!signal.aborted) {
      await clock.sleep(everyMs, signal);
      const nowMs = elapsedMs();
      for (const consumer of this.#consumers()) {
        const isStalled = consumer.isBlocked && nowMs - consumer.blockedAtMs >= stallMs;
        if (isStalled) this.#end(consumer, 'stalled');
        else if (nowMs - consumer.wroteAtMs >= heartbeatMs) consumer.beat(nowMs);
        if (nowMs - consumer.checkedAtMs >= heartbeatMs) void this.#check(consumer, nowMs);
      }
    }
  }

  async #check(consumer: FeedConsumer, nowMs: number): Promise<void> {
    // Not again before this one has its answer.
    consumer.checkedAtMs = Number.POSITIVE_INFINITY;
    try {
      if (!(await consumer.isAllowed())) this.#end(consumer, 'refused');
    } catch {
      // Nobody could say; it is asked again.
    } finally {
      consumer.checkedAtMs = nowMs;
    }
  }

  #end(consumer: FeedConsumer, why: FeedEnd): void {
    if (this.#forget(consumer)) this.ports.watcher?.ended(why);
    consumer.end(why);
  }

  #endAll(why: FeedEnd): void {
    // Whoever is ended leaves the set that is gone through, which Sets allow.
    for (const consumer of this.#consumers()) this.#end(consumer, why);
  }

  /** @returns whether it was there; after the last one nobody follows the log */
  #forget(consumer: FeedConsumer): boolean {
    const { key } = consumer.filter;
    const group = this.#groups.get(key);
    if (group?.delete(consumer) !== true) return false;
    if (group.size === 0) this.#groups.delete(key);
    if (--this.#count > 0) return true;
    this.#run?.stop();
    this.#run = undefined;
    this.#beating?.abort();
    return true;
  }

  get #sizes(): WindowLimits {
    return this.limits.sizes ?? FEED_SIZES;
  }

  *#consumers(): Iterable<FeedConsumer> {
    for (const group of this.#groups.values()) yield* group;
  }
}

const LOOK_EVERY_MS = 1_000;
