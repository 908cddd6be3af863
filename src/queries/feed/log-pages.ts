import type { EventLog, RecordedEvent } from '../../ports/event-log.js';
import { chunkOf, type FeedChunk } from './feed-window.js';
import type { FeedFilter } from './feed-filter.js';
import type { PageSize } from './page-size.js';
import type { FeedEvent } from './told-event.js';

export interface LogPagesOptions {
  readonly log: Pick<EventLog, 'readAll'>;
  readonly eventOf: (recorded: RecordedEvent) => Promise<FeedEvent>;
  /** Pages read at one time. */
  readonly readsMax: number;
  /** Of one chunk; an event that is larger goes alone. */
  readonly chunkBytesMax: number;
}

export interface PageWish {
  readonly filter: FeedFilter;
  readonly after: number;
  /** Everything up to here is to be read in the log now. */
  readonly covered: number;
  readonly size: PageSize;
}

/**
 * Reads the log for consumers who have fallen behind, so many pages at a time; one page for all who
 * stand at the same place and ask for the same.
 */
export class LogPages {
  readonly #shared = new Map<string, Promise<LogPage>>();
  readonly #waiting: (() => void)[] = [];
  #reads = 0;

  constructor(private readonly options: LogPagesOptions) {}

  /** Returns what comes next; nothing of it is kept here. */
  async next(wish: PageWish): Promise<FeedChunk> {
    const { filter, after, size } = wish;
    const key = `${after} ${size.events} ${filter.key}`;
    const reading = this.#shared.get(key) ?? this.#begin(key, wish);
    const { chunk, weight } = await reading;
    size.learn(weight);
    return chunk;
  }

  #begin(key: string, wish: PageWish): Promise<LogPage> {
    const reading = this.#read(wish).finally(() => this.#shared.delete(key));
    this.#shared.set(key, reading);
    return reading;
  }

  async #read({ filter, after, covered, size }: PageWish): Promise<LogPage> {
    const limit = size.events;
    await this.#enter();
    try {
      const { log, eventOf, chunkBytesMax: bytesMax } = this.options;
      const { logFilter } = filter;
      const page = await log.readAll({ after, limit, ...(logFilter && { filter: logFilter }) });
      const events: FeedEvent[] = [];
      for (const recorded of page) events.push(await eventOf(recorded));
      // A page that is not full holds all there was; one that is says nothing of what is behind.
      const last = page.at(-1)?.position ?? after;
      const until = page.length < limit ? Math.max(last, covered) : last;
      const chunk = chunkOf(events, filter, { begin: 0, covered: until, bytesMax });
      return { chunk, weight: weightOf(events, filter) };
    } finally {
      this.#reads--;
      this.#waiting.shift()?.();
    }
  }

  async #enter(): Promise<void> {
    while (this.#reads >= this.options.readsMax) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#reads++;
  }
}

interface LogPage {
  readonly chunk: FeedChunk;
  readonly weight: Parameters<PageSize['learn']>[0];
}

/** What is looked at and not taken weighs something too: it was in memory all the same. */
function weightOf(events: readonly FeedEvent[], filter: FeedFilter): LogPage['weight'] {
  let bytes = 0;
  for (const event of events) {
    bytes += filter.takes(event) ? event.bytes.length : event.bytes.length / PASSED_OVER_PART;
  }
  return { events: events.length, bytes };
}

const PASSED_OVER_PART = 8;
