import { Counter, Gauge, type Registry } from 'prom-client';

/** How many consumers there are, and what is kept for them. */
export interface FeedCounts {
  readonly consumers: number;
  readonly windowBytes: number;
}

/** Why a feed ended; `gone`: its client went away. */
const ENDS = ['gone', 'draining', 'refused', 'stalled', 'failed'] as const;

/** The feeds of this process. */
export class FeedMetrics {
  readonly #events: Counter;
  readonly #bytes: Counter;
  readonly #pages: Counter;
  readonly #ended: Counter<'why'>;
  #countsOf: () => FeedCounts = () => ({ consumers: 0, windowBytes: 0 });

  constructor(registry: Registry) {
    const registers = [registry];
    const counts = () => this.#countsOf();
    registry.registerMetric(
      new Gauge({
        name: 'moraine_feed_consumers',
        help: 'Feeds that are open.',
        registers: [],
        collect() {
          this.set(counts().consumers);
        },
      }),
    );
    registry.registerMetric(
      new Gauge({
        name: 'moraine_feed_window_bytes',
        help: 'Newest events that are kept for all feeds.',
        registers: [],
        collect() {
          this.set(counts().windowBytes);
        },
      }),
    );
    this.#events = new Counter({
      name: 'moraine_feed_events_total',
      help: 'Events that were told, once for each feed.',
      registers,
    });
    this.#bytes = new Counter({
      name: 'moraine_feed_bytes_total',
      help: 'Bytes of events that were told.',
      registers,
    });
    this.#pages = new Counter({
      name: 'moraine_feed_pages_total',
      help: 'Pages of the log that were read for feeds behind the newest events.',
      registers,
    });
    this.#ended = new Counter({
      name: 'moraine_feed_ended_total',
      help: 'Feeds that have ended: gone (by the client), draining, refused, stalled, failed.',
      labelNames: ['why'],
      registers,
    });
    for (const why of ENDS) this.#ended.labels(why).inc(0);
  }

  /** Says where the figures of the moment come from. */
  follow(countsOf: () => FeedCounts): void {
    this.#countsOf = countsOf;
  }

  gave({ bytes, eventCount }: { bytes: Uint8Array | undefined; eventCount: number }): void {
    this.#events.inc(eventCount);
    this.#bytes.inc(bytes?.length ?? 0);
  }

  readPage(): void {
    this.#pages.inc();
  }

  ended(why: (typeof ENDS)[number]): void {
    this.#ended.inc({ why });
  }
}
