import { type EventLog, READ_EVENTS_MAX } from '../ports/event-log.js';
import { servedEvent, type ServedEvent } from './served-event.js';

/**
 * How many events to read at once: as many as make about {@link PAGE_BYTES}, by those of the page
 * before. A log may hold events of a few bytes and of a few million.
 */
export class PageSize {
  #events: number;

  constructor(firstEvents = FIRST_EVENTS) {
    this.#events = Math.min(firstEvents, READ_EVENTS_MAX);
  }

  get events(): number {
    return this.#events;
  }

  learn(page: readonly ServedEvent[]): void {
    if (page.length === 0) return;
    const bytes = page.reduce((sum, event) => sum + event.sizeBytes, 0);
    const fitting = Math.floor((PAGE_BYTES * page.length) / bytes);
    // At most twice as many as were seen to fit: what follows may be larger.
    this.#events = Math.max(1, Math.min(fitting, 2 * this.#events, READ_EVENTS_MAX));
  }
}

/** Reads the log in pages of bounded size. */
export class Pages {
  constructor(private readonly log: EventLog) {}

  /** Yields the pages of a stream from a revision on; the last one may be empty. */
  async *stream(
    stream: string,
    options: { from: number; direction: 'forward' | 'backward'; wanted: number },
  ): AsyncGenerator<readonly ServedEvent[]> {
    const { direction } = options;
    let { from, wanted } = options;
    const size = new PageSize();
    while (wanted > 0 && from >= 0) {
      const limit = Math.min(size.events, wanted);
      const recorded = await this.log.read(stream, { from, direction, limit });
      const page = recorded.map(servedEvent);
      size.learn(page);
      yield page;
      const last = page.at(-1);
      if (!last || page.length < limit) return;
      wanted -= page.length;
      from = last.revision + (direction === 'forward' ? 1 : -1);
    }
  }

  /** Returns the events after a position, in order; none when the log ends there. */
  async after(position: number, size: PageSize): Promise<readonly ServedEvent[]> {
    const page = await this.log.readAll({ after: position, limit: size.events });
    const served = page.map(servedEvent);
    size.learn(served);
    return served;
  }

  /**
   * Yields the pages of the whole log before a position, newest first.
   *
   * The log is read forwards alone, so this looks through windows of positions, which are whole
   * numbers: a window of n of them holds at most n events.
   */
  async *before(position: number): AsyncGenerator<readonly ServedEvent[]> {
    const size = new PageSize();
    let before = position;
    while (before > 1) {
      const window = Math.min(size.events, before - 1);
      const after = before - 1 - window;
      const events = await this.log.readAll({ after, limit: window });
      const page = events.filter((event) => event.position < before).map(servedEvent);
      size.learn(page);
      yield page.toReversed();
      before = after + 1;
    }
  }

  /**
   * Returns the position of the last event of all, as of some moment of this call; `atLeast` when
   * there is none behind it.
   *
   * The log has no question for that, so it is searched: by doubling steps until there is nothing,
   * then by halves between.
   */
  async last(atLeast = 0): Promise<number> {
    const firstAfter = async (after: number): Promise<number> =>
      (await this.log.readAll({ after, limit: 1 }))[0]?.position ?? Infinity;
    // Most who ask are there already.
    let low = await firstAfter(atLeast);
    if (low === Infinity) return atLeast;
    let high = Infinity;
    for (let step = READ_EVENTS_MAX; high === Infinity; step *= 2) {
      const next = await firstAfter(low + step);
      if (next === Infinity) high = low + step;
      else low = next;
    }
    while (low < high) {
      const middle = low + Math.floor((high - low) / 2);
      const next = await firstAfter(middle);
      // What came after the first of both searches does not count, or this might never end.
      if (next > high) high = middle;
      else low = next;
    }
    return low;
  }
}

const FIRST_EVENTS = 32;
const PAGE_BYTES = 1024 * 1024;
