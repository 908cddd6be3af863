import { Counter, Gauge, type Registry } from 'prom-client';
import { type Spread, Spreads, Tallies, type Tally } from './tallies.js';

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
  readonly #calls: Tallies<'store' | 'operation' | 'outcome'>;
  readonly #duration: Spreads<'store' | 'operation'>;
  #caches: CachesNow = () => ({});

  constructor(registry: Registry) {
    const caches = () => Object.entries(this.#caches());
    this.#calls = new Tallies(registry, {
      name: 'moraine_store_operations_total',
      help: 'Calls of the block store (blocks), the views (views) and the trees (trees).',
      labels: ['store', 'operation', 'outcome'],
    });
    this.#duration = new Spreads(registry, {
      name: 'moraine_store_operation_duration_seconds',
      help: 'Of one call; of a read of an object: until its first byte.',
      labels: ['store', 'operation'],
      bounds: SECONDS,
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

  /** Returns where the calls of one operation of a store are told as they end. */
  callsOf(store: string, operation: string): StoreCalls {
    return new StoreCalls(this.#calls, this.#duration, { store, operation });
  }
}

/** The calls of one operation of a store; of one that is never called nothing is told. */
export class StoreCalls {
  #figures: { readonly done: Tally; readonly seconds: Spread } | undefined;

  constructor(
    private readonly calls: Tallies<'store' | 'operation' | 'outcome'>,
    private readonly duration: Spreads<'store' | 'operation'>,
    private readonly of: { readonly store: string; readonly operation: string },
  ) {}

  ended(isDone: boolean, tookMs: number): void {
    this.#figures ??= {
      done: this.calls.of({ ...this.of, outcome: 'done' }),
      seconds: this.duration.of(this.of),
    };
    if (isDone) this.#figures.done.add();
    else this.calls.of({ ...this.of, outcome: 'failed' }).add();
    this.#figures.seconds.add(tookMs / 1000);
  }
}

const CACHE_FIGURES = [
  ['moraine_cache_hits_total', 'Looks that found what they looked for.', 'hits'],
  ['moraine_cache_misses_total', 'Looks that did not.', 'misses'],
] as const;
