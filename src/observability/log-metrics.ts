import { Counter, Histogram, type Registry } from 'prom-client';

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const APPENDS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** What became of an append. `unknown`: the store did not say; the same one is sent again. */
export type AppendOutcome =
  'accepted' | 'repeated' | 'refused' | 'unknown' | 'unavailable' | 'invalid' | 'failed';

const OUTCOMES: readonly AppendOutcome[] = ['accepted', 'refused', 'unknown', 'unavailable'];

/** The event log: appends as their callers see them, and the calls that carry many of them. */
export class LogMetrics {
  readonly #appends: Counter<'outcome'>;
  /** Resolving a label anew costs more than counting. */
  readonly #outcomes = new Map<AppendOutcome, Counter.Internal>();
  readonly #duration: Histogram;
  readonly #batches: Counter<'outcome'>;
  readonly #batchAppends: Histogram;
  readonly #batchDuration: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#appends = new Counter({
      name: 'moraine_log_appends_total',
      help: 'Appends, by what became of them; refused: somebody else was first.',
      labelNames: ['outcome'],
      registers,
    });
    for (const outcome of OUTCOMES) this.#outcomeOf(outcome).inc(0);
    this.#duration = new Histogram({
      name: 'moraine_log_append_duration_seconds',
      help: 'From asking for an append to its answer, the wait for its batch included.',
      buckets: SECONDS,
      registers,
    });
    this.#batches = new Counter({
      name: 'moraine_log_batches_total',
      help: 'Calls to the database, each with all appends that waited; failed: to be sent again.',
      labelNames: ['outcome'],
      registers,
    });
    for (const outcome of ['done', 'failed']) this.#batches.labels(outcome).inc(0);
    this.#batchAppends = new Histogram({
      name: 'moraine_log_batch_appends',
      help: 'Appends that shared one call and its fsync.',
      buckets: APPENDS,
      registers,
    });
    this.#batchDuration = new Histogram({
      name: 'moraine_log_batch_duration_seconds',
      help: 'Of one call to the database.',
      buckets: SECONDS,
      registers,
    });
  }

  appended(outcome: AppendOutcome, tookMs: number): void {
    this.#outcomeOf(outcome).inc();
    this.#duration.observe(tookMs / 1000);
  }

  batch(
    outcome: 'done' | 'failed',
    { appends, tookMs }: { appends: number; tookMs: number },
  ): void {
    this.#batches.inc({ outcome });
    this.#batchAppends.observe(appends);
    this.#batchDuration.observe(tookMs / 1000);
  }

  #outcomeOf(outcome: AppendOutcome): Counter.Internal {
    const known = this.#outcomes.get(outcome);
    if (known) return known;
    const counter = this.#appends.labels(outcome);
    this.#outcomes.set(outcome, counter);
    return counter;
  }
}
