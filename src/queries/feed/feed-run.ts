import type { Clock } from '../../ports/clock.js';
import type { EventLog } from '../../ports/event-log.js';
import type { FeedConsumer, FeedEnd } from './feed-consumer.js';
import { FeedWindow, type FeedChunk, type WindowLimits } from './feed-window.js';
import { LogPages } from './log-pages.js';
import type { FeedEvents } from './told-event.js';

export interface FeedPorts {
  readonly log: Pick<EventLog, 'lastPosition' | 'readAll' | 'subscribe'>;
  readonly events: Pick<FeedEvents, 'of'>;
  readonly clock: Pick<Clock, 'sleep'>;
  /** A clock that only goes forward. */
  readonly elapsedMs: () => number;
  /** Resolves when others have had their turn. */
  readonly afterTurn: () => Promise<void>;
  readonly onFault: (error: unknown) => void;
  readonly watcher?: FeedWatcher;
}

/** Hears what becomes of consumers. */
export interface FeedWatcher {
  gave(chunk: FeedChunk): void;
  /** A page of the log was read for somebody who had fallen behind. */
  readPage(): void;
  ended(why: FeedEnd | 'gone'): void;
}

/** Consumers by what they ask for. */
export type FeedGroups = ReadonlyMap<string, ReadonlySet<FeedConsumer>>;

/**
 * Follows the log once for all consumers, from when there is a first one until there is none.
 *
 * What comes goes into a window; who asks for the same and is at the same place is given the same
 * bytes of it, and all that waits goes in one piece. Who has fallen behind the window reads the log
 * itself, in pages, until it has caught up. A consumer's place goes on by what was handed to its
 * connection and by nothing else, and both the window and a page begin at that place: so there is
 * no gap and nothing twice, whichever of them comes next.
 */
export class FeedRun {
  readonly #stopping = new AbortController();
  readonly #pages: LogPages;
  #news = Promise.withResolvers<void>();
  #window: FeedWindow | undefined;

  constructor(
    private readonly ports: FeedPorts,
    private readonly groups: FeedGroups,
    private readonly sizes: WindowLimits,
  ) {
    const { log, events } = ports;
    const { chunkBytesMax } = sizes;
    const eventOf = events.of.bind(events);
    this.#pages = new LogPages({ log, eventOf, readsMax: READS_MAX, chunkBytesMax });
  }

  get window(): FeedWindow | undefined {
    return this.#window;
  }

  get isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /**
   * Resolves when it was stopped, or cannot go on.
   *
   * @param reachBack  positions that the window begins before the log's end
   */
  async follow(reachBack: number): Promise<void> {
    const { log, onFault } = this.ports;
    try {
      const window = new FeedWindow(
        this.sizes,
        Math.max(0, (await log.lastPosition()) - reachBack),
      );
      this.#window = window;
      void this.#serve(window).catch(onFault);
      await this.#keepUp(window);
    } catch (error) {
      if (!this.isStopped) onFault(error);
    }
  }

  stop(): void {
    this.#stopping.abort();
    this.poke();
  }

  /** There may be something for somebody. */
  poke(): void {
    this.#news.resolve();
  }

  /** Brings the window up to the log's end, and keeps it there. */
  async #keepUp(window: FeedWindow): Promise<void> {
    const { log, events } = this.ports;
    const { signal } = this.#stopping;
    this.poke();
    for await (const recorded of log.subscribe({ after: window.last, signal })) {
      const event = await events.of(recorded);
      if (this.isStopped) return;
      window.add(event);
      this.poke();
    }
  }

  /** Gives everybody what there is, whenever there may be something, and then pauses. */
  async #serve(window: FeedWindow): Promise<void> {
    const { clock, elapsedMs } = this.ports;
    while (!this.isStopped) {
      await this.#news.promise;
      // Asked for anew before the look, or what comes meanwhile is missed.
      this.#news = Promise.withResolvers();
      const beganAtMs = elapsedMs();
      await this.#deal(window);
      const pauseMs = PAUSE_PARTS * (elapsedMs() - beganAtMs);
      const boundedMs = Math.min(PAUSE_MS_MAX, Math.max(PAUSE_MS_MIN, pauseMs));
      await clock.sleep(boundedMs, this.#stopping.signal);
    }
  }

  async #deal(window: FeedWindow): Promise<void> {
    let dealtCount = 0;
    for (const group of this.groups.values()) {
      const chunks = new Map<number, FeedChunk>();
      for (const consumer of group) {
        if (++dealtCount % TURN_CONSUMERS === 0) await this.ports.afterTurn();
        if (this.isStopped) return;
        if (consumer.isWaiting && consumer.at < window.last) this.#dealTo(consumer, window, chunks);
      }
    }
  }

  /** @param chunks  what was made for others who ask for the same, by where they were */
  #dealTo(consumer: FeedConsumer, window: FeedWindow, chunks: Map<number, FeedChunk>): void {
    const { at, filter } = consumer;
    const chunk = chunks.get(at) ?? window.take(filter, at);
    if (chunk === undefined) return void this.#catchUp(consumer, window);
    chunks.set(at, chunk);
    this.#give(consumer, chunk);
    if (consumer.at < window.last) this.poke();
  }

  /** Reads the log for one who stands before the window, until it does not or takes no more. */
  async #catchUp(consumer: FeedConsumer, window: FeedWindow): Promise<void> {
    const { afterTurn, clock, onFault, watcher } = this.ports;
    const { filter, size } = consumer;
    consumer.isReading = true;
    try {
      while (!consumer.isEnded && !consumer.isBlocked && !window.reaches(consumer.at)) {
        const { at: after } = consumer;
        const chunk = await this.#pages.next({ filter, after, covered: window.last, size });
        watcher?.readPage();
        if (this.isStopped) return;
        this.#give(consumer, chunk);
        await afterTurn();
      }
    } catch (error) {
      if (!this.isStopped) onFault(error);
      await clock.sleep(RETRY_MS, this.#stopping.signal);
    } finally {
      consumer.isReading = false;
      this.poke();
    }
  }

  #give(consumer: FeedConsumer, chunk: FeedChunk): void {
    if (consumer.isEnded) return;
    consumer.give(chunk, this.ports.elapsedMs());
    this.ports.watcher?.gave(chunk);
  }
}

/** Pages of the log read at one time, for all who have fallen behind. */
const READS_MAX = 4;
const RETRY_MS = 1_000;
/** Of the time, at most one part in four goes into telling; what waits meanwhile goes together. */
const PAUSE_PARTS = 3;
const PAUSE_MS_MIN = 5;
const PAUSE_MS_MAX = 250;
/** Consumers after whom others have their turn. */
const TURN_CONSUMERS = 200;
