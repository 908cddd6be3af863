import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

export interface CacheCounts {
  readonly hits: number;
  readonly misses: number;
  readonly bytes: number;
}

/** Returns the counts of every cache, by its name. */
export type CachesNow = () => Readonly<Record<string, CacheCounts>>;

/** Objects, views and trees: the calls of each store, and what caches spare them. */
export class StoreMetrics {
  readonly #calls: Counter<'store' | 'operation' | 'outcome'>;
  readonly #duration: Histogram<'store' | 'operation'>;
  readonly #timers = new Map<string, Histogram.Internal<'store' | 'operation'>>();
  readonly #done = new Map<string, Counter.Internal>();
  #caches: CachesNow = () => ({});

  constructor(registry: Registry) {
    const registers = [registry];
    const caches = () => Object.entries(this.#caches());
    this.#calls = new Counter({
      name: 'moraine_store_operations_total',
      help: 'Calls of the block store (blocks), the views (views) and the trees (trees).',
      labelNames: ['store', 'operation', 'outcome'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'moraine_store_operation_duration_seconds',
      help: 'Of one call; of a read of an object: until its first byte.',
      labelNames: ['store', 'operation'],
      buckets: SECONDS,
      registers,
    });
    for (const [name, help, field] of CACHE_FIGURES) {
      registry.registerMetric(
        new Counter({
          name,
          help,
          labelNames: ['cache'],
          registers: [],
          collect() {
            this.reset();
            for (const [cache, counts] of caches()) this.inc({ cache }, counts[field]);
          },
        }),
      );
    }
    registry.registerMetric(
      new Gauge({
        name: 'moraine_cache_bytes',
        help: 'What a cache holds.',
        labelNames: ['cache'],
        registers: [],
        collect() {
          for (const [cache, { bytes }] of caches()) this.set({ cache }, bytes);
        },
      }),
    );
  }

  /** Says where the figures of the moment come from. */
  followCaches(caches: CachesNow): void {
    this.#caches = caches;
  }

  called(store: string, operation: string, of: { isDone: boolean; tookMs: number }): void {
    const key = `${store} ${operation}`;
    if (of.isDone) this.#doneOf(key, store, operation).inc();
    else this.#calls.inc({ store, operation, outcome: 'failed' });
    this.#timerOf(key, store, operation).observe(of.tookMs / 1000);
  }

  #doneOf(key: string, store: string, operation: string): Counter.Internal {
    const known = this.#done.get(key);
    if (known) return known;
    const counter = this.#calls.labels(store, operation, 'done');
    this.#done.set(key, counter);
    return counter;
  }

  #timerOf(
    key: string,
    store: string,
    operation: string,
  ): Histogram.Internal<'store' | 'operation'> {
    const known = this.#timers.get(key);
    if (known) return known;
    const timer = this.#duration.labels(store, operation);
    this.#timers.set(key, timer);
    return timer;
  }
}

const CACHE_FIGURES = [
  ['moraine_cache_hits_total', 'Looks that found what they looked for.', 'hits'],
  ['moraine_cache_misses_total', 'Looks that did not.', 'misses'],
] as const;
