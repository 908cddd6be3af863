import { Counter, Gauge, type Registry } from 'prom-client';

/** What is done beside requests: views built anew, and what the sweeper finds. */
export class ViewMetrics {
  readonly #rebuilds: Counter<'projection'>;
  readonly #events: Counter<'projection'>;
  readonly #sweeps: Counter<'outcome'>;
  readonly #sweptAt: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#rebuilds = new Counter({
      name: 'moraine_projection_rebuilds_total',
      help: 'Views that this process built anew when it started.',
      labelNames: ['projection'],
      registers,
    });
    this.#events = new Counter({
      name: 'moraine_projection_rebuild_events_total',
      help: 'Events that it read for that.',
      labelNames: ['projection'],
      registers,
    });
    this.#sweeps = new Counter({
      name: 'moraine_sweeps_total',
      help: 'Rounds of the sweeper, which finishes what a crash has left half done.',
      labelNames: ['outcome'],
      registers,
    });
    for (const outcome of ['done', 'failed']) this.#sweeps.labels(outcome).inc(0);
    this.#sweptAt = new Gauge({
      name: 'moraine_last_sweep_timestamp_seconds',
      help: 'When the sweeper last came to its end, since the epoch.',
      registers,
    });
  }

  rebuilt(projection: string, events: number): void {
    this.#rebuilds.inc({ projection });
    this.#events.inc({ projection }, events);
  }

  swept(outcome: 'done' | 'failed', nowMs: number): void {
    this.#sweeps.inc({ outcome });
    if (outcome === 'done') this.#sweptAt.set(nowMs / 1000);
  }
}
