import type { EventLog } from '../ports/event-log.js';
import { lowerBound } from '../shared/lower-bound.js';
import type { Pages } from './pages.js';
import { servedEvent, type ServedEvent } from './served-event.js';

/**
 * The newest events of the log, read once for all who follow it.
 *
 * A follower holds a position and nothing else. As long as the tail reaches back to it, the tail
 * says what comes after; a follower that falls further behind reads the log itself again. So what
 * is kept here has a bound, however slow anyone is.
 */
export class LiveTail {
  readonly #log: EventLog;
  readonly #pages: Pages;
  readonly #onFault: (error: unknown) => void;
  readonly #closing = new AbortController();
  #events: ServedEvent[] = [];
  #bytes = 0;
  /** All after this position, up to `#last`, are in `#events`. */
  #from = 0;
  #last = 0;
  #begun: Promise<void> | undefined;
  #news = Promise.withResolvers<void>();

  constructor(options: { log: EventLog; pages: Pages; onFault: (error: unknown) => void }) {
    this.#log = options.log;
    this.#pages = options.pages;
    this.#onFault = options.onFault;
  }

  /** Begins to follow the log, once. @returns a position that the tail reaches back to */
  async begin(): Promise<number> {
    this.#begun ??= this.#begin();
    try {
      await this.#begun;
    } catch (error) {
      this.#begun = undefined;
      throw error;
    }
    return this.#last;
  }

  /**
   * Returns the events after a position, in order, or undefined when the tail does not reach back
   * so far.
   */
  after(position: number): readonly ServedEvent[] | undefined {
    if (position < this.#from) return undefined;
    if (position >= this.#last) return [];
    const isSeen = (at: number) => (this.#events[at]?.position ?? 0) <= position;
    const at = lowerBound({ to: this.#events.length }, isSeen);
    return this.#events.slice(at, at + TAKEN_EVENTS_MAX);
  }

  /** Resolves when there may be something new. Ask before looking. */
  news(): Promise<void> {
    return this.#news.promise;
  }

  close(): void {
    this.#closing.abort();
    this.#tell();
  }

  async #begin(): Promise<void> {
    const last = await this.#pages.last(this.#last);
    this.#events = [];
    this.#bytes = 0;
    this.#from = last;
    this.#last = last;
    void this.#follow(last);
  }

  async #follow(after: number): Promise<void> {
    try {
      const { signal } = this.#closing;
      for await (const recorded of this.#log.subscribe({ after, signal })) {
        this.#add(servedEvent(recorded));
      }
    } catch (error) {
      this.#onFault(error);
    } finally {
      // Whoever asks next begins again where this one ended.
      this.#begun = undefined;
      this.#tell();
    }
  }

  #add(event: ServedEvent): void {
    this.#events.push(event);
    this.#bytes += event.sizeBytes;
    this.#last = event.position;
    if (this.#events.length > 2 * KEPT_EVENTS_MAX || this.#bytes > 2 * KEPT_BYTES_MAX) this.#trim();
    this.#tell();
  }

  /** Half at a time, so that an event is moved once and not at every other one's coming. */
  #trim(): void {
    let gone = 0;
    while (
      gone < this.#events.length - 1 &&
      (this.#events.length - gone > KEPT_EVENTS_MAX || this.#bytes > KEPT_BYTES_MAX)
    ) {
      const event = this.#events[gone++];
      this.#bytes -= event?.sizeBytes ?? 0;
      this.#from = event?.position ?? this.#from;
    }
    this.#events = this.#events.slice(gone);
  }

  #tell(): void {
    const { resolve } = this.#news;
    this.#news = Promise.withResolvers<void>();
    resolve();
  }
}

const KEPT_EVENTS_MAX = 2048;
const KEPT_BYTES_MAX = 8 * 1024 * 1024;
/** In one piece, so that nobody holds more than this of the tail while it goes on. */
const TAKEN_EVENTS_MAX = 256;
