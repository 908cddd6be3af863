import type { Registry } from 'prom-client';
import { type Spread, Spreads, Tallies, type Tally } from './tallies.js';

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const APPENDS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** What became of an append. `unknown`: the store did not say; the same one is sent again. */
export type AppendOutcome =
  'accepted' | 'repeated' | 'refused' | 'unknown' | 'unavailable' | 'invalid' | 'failed';

const OUTCOMES: readonly AppendOutcome[] = ['accepted', 'refused', 'unknown', 'unavailable'];
type BatchOutcome = 'done' | 'failed';

/** The event log: appends as their callers see them, and the calls that carry many of them. */
export class LogMetrics {
  readonly #appends: Tallies<'outcome'>;
  readonly #outcomes = new Map<AppendOutcome, Tally>();
  readonly #duration: Spread;
  readonly #batches: Readonly<Record<BatchOutcome, Tally>>;
  readonly #batchAppends: Spread;
  readonly #batchDuration: Spread;

  constructor(registry: Registry) {
    this.#appends = new Tallies(registry, {
      name: 'moraine_log_appends_total',
      help: 'Appends, by what became of them; refused: somebody else was first.',
      labels: ['outcome'],
    });
    for (const outcome of OUTCOMES) this.#appends.of({ outcome });
    const spread = (name: string, help: string, bounds: readonly number[]) =>
      new Spreads(registry, { name, help, bounds }).of({});
    this.#duration = spread(
      'moraine_log_append_duration_seconds',
      'From asking for an append to its answer, the wait for its batch included.',
      SECONDS,
    );
    const batches = new Tallies(registry, {
      name: 'moraine_log_batches_total',
      help: 'Calls to the database, each with all appends that waited; failed: to be sent again.',
      labels: ['outcome'],
    });
    this.#batches = {
      done: batches.of({ outcome: 'done' }),
      failed: batches.of({ outcome: 'failed' }),
    };
    this.#batchAppends = spread(
      'moraine_log_batch_appends',
      'Appends that shared one call and its fsync.',
      APPENDS,
    );
    this.#batchDuration = spread(
      'moraine_log_batch_duration_seconds',
      'Of one call to the database.',
      SECONDS,
    );
  }

  appended(outcome: AppendOutcome, tookMs: number): void {
    (this.#outcomes.get(outcome) ?? this.#outcomeOf(outcome)).add();
    this.#duration.add(tookMs / 1000);
  }

  batch(outcome: BatchOutcome, { appends, tookMs }: { appends: number; tookMs: number }): void {
    this.#batches[outcome].add();
    this.#batchAppends.add(appends);
    this.#batchDuration.add(tookMs / 1000);
  }

  #outcomeOf(outcome: AppendOutcome): Tally {
    const tally = this.#appends.of({ outcome });
    this.#outcomes.set(outcome, tally);
    return tally;
  }
}
