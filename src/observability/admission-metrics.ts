import { Gauge, type Registry } from 'prom-client';
import { Tallies, type Tally } from './tallies.js';

/** How many requests and uploads are inside, and how many wait. */
export interface AdmissionCounts {
  readonly request: number;
  readonly upload: number;
  readonly waiting: number;
}

export class AdmissionMetrics {
  readonly #refused: Readonly<Record<'full' | 'late', Tally>>;
  #countsOf: () => AdmissionCounts = () => ({ request: 0, upload: 0, waiting: 0 });
  #isDraining: () => boolean = () => false;

  constructor(registry: Registry) {
    const counts = () => this.#countsOf();
    const isDraining = () => this.#isDraining();
    const refused = new Tallies(registry, {
      name: 'moraine_http_refused_total',
      help: 'Requests answered 503 unread: too many waited (full), or this one too long (late).',
      labels: ['reason'],
    });
    this.#refused = { full: refused.of({ reason: 'full' }), late: refused.of({ reason: 'late' }) };
    registry.registerMetric(
      new Gauge({
        name: 'moraine_http_admitted',
        help: 'Requests and uploads that are worked on.',
        labelNames: ['kind'],
        registers: [],
        collect() {
          this.set({ kind: 'request' }, counts().request);
          this.set({ kind: 'upload' }, counts().upload);
        },
      }),
    );
    registry.registerMetric(
      new Gauge({
        name: 'moraine_http_waiting',
        help: 'Requests and uploads that wait for their turn.',
        registers: [],
        collect() {
          this.set(counts().waiting);
        },
      }),
    );
    registry.registerMetric(
      new Gauge({
        name: 'moraine_draining',
        help: '1 while the server is about to end.',
        registers: [],
        collect() {
          this.set(isDraining() ? 1 : 0);
        },
      }),
    );
  }

  /** Says where the figures of the moment come from. */
  follow(countsOf: () => AdmissionCounts, isDraining: () => boolean): void {
    this.#countsOf = countsOf;
    this.#isDraining = isDraining;
  }

  refused(reason: 'full' | 'late'): void {
    this.#refused[reason].add();
  }
}
