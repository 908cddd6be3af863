import { READ_EVENTS_MAX } from '../../ports/event-log.js';

/**
 * How many events to read at once: as many as make about so many bytes, by those of the page
 * before. A log may hold events of a few bytes and of a million.
 */
export class PageSize {
  #events: number;

  constructor(
    private readonly pageBytes: number,
    firstEvents = FIRST_EVENTS,
  ) {
    this.#events = Math.min(firstEvents, READ_EVENTS_MAX);
  }

  get events(): number {
    return this.#events;
  }

  /** Learns from a page what an event takes; nothing from an empty one. */
  learn(page: { readonly events: number; readonly bytes: number }): void {
    if (page.events === 0) return;
    const fitting = Math.floor((this.pageBytes * page.events) / Math.max(1, page.bytes));
    // At most twice as many as were seen to fit: what follows may be larger.
    this.#events = Math.max(1, Math.min(fitting, 2 * this.#events, READ_EVENTS_MAX));
  }
}

const FIRST_EVENTS = 32;
