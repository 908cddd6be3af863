import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { AdmissionMetrics } from './admission-metrics.js';
import { EventMetrics } from './event-metrics.js';
import { FeedMetrics } from './feed-metrics.js';
import { HttpMetrics } from './http-metrics.js';
import { LogMetrics } from './log-metrics.js';
import { StoreMetrics } from './store-metrics.js';
import { ViewMetrics } from './view-metrics.js';

export interface BuildInfo {
  readonly moraine: string;
  readonly api: string;
  readonly node: string;
}

/**
 * Every figure that this process tells of itself, for Prometheus. Rooms below know none of it: they
 * are wrapped where they are wired. No label is taken from what users name: repositories, branches
 * and paths are without number.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly http = new HttpMetrics(this.#registry);
  readonly admission = new AdmissionMetrics(this.#registry);
  readonly log = new LogMetrics(this.#registry);
  readonly events = new EventMetrics(this.#registry);
  readonly stores = new StoreMetrics(this.#registry);
  readonly feeds = new FeedMetrics(this.#registry);
  readonly views = new ViewMetrics(this.#registry);

  constructor(build: BuildInfo) {
    collectDefaultMetrics({ register: this.#registry });
    new Gauge({
      name: 'moraine_build_info',
      help: '1; its labels say what runs.',
      labelNames: ['version', 'api', 'node'],
      registers: [this.#registry],
    }).set({ version: build.moraine, api: build.api, node: build.node }, 1);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Returns everything, in the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Returns the name of every figure there is. */
  async names(): Promise<readonly string[]> {
    return (await this.#registry.getMetricsAsJSON()).map(({ name }) => name);
  }
}
