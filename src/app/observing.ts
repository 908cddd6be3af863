import type { ServerConfig } from '../config/server.config.js';
import type { AppendWatcher } from '../event-log/postgres/append-queue.js';
import type { RequestWatcher } from '../observability/ended-request.js';
import type { Logger } from '../observability/logger.js';
import { Metrics } from '../observability/metrics.js';
import { RequestLog } from '../observability/request-log.js';
import type { TracedSpan, Tracer } from '../observability/tracer.js';
import { around } from './around.js';
import { logCalls, spansOf, storeCalls } from './measured-calls.js';
import { VERSIONS } from './versions.js';

export type ObservedPort = 'log' | 'views' | 'blocks' | 'trees';

/** Figures, traces and the line of each request; of what is switched off nothing is left. */
export class Observing {
  private constructor(
    readonly metrics: Metrics | undefined,
    readonly tracer: Tracer | undefined,
    private readonly logger: Logger,
  ) {}

  static async open(config: ServerConfig, logger: Logger): Promise<Observing> {
    const metrics = config.metrics === 'off' ? undefined : new Metrics(VERSIONS);
    return new Observing(metrics, await tracerOf(config), logger);
  }

  /** Returns a port with what is watched around each of its calls. */
  port<Port extends object>(name: ObservedPort, port: Port): Port {
    const { metrics, tracer } = this;
    const counted = metrics
      ? around(port, name === 'log' ? logCalls(metrics) : storeCalls(name, metrics))
      : port;
    return tracer ? around(counted, spansOf(name, tracer)) : counted;
  }

  /** Hears of requests that have ended. */
  get requestWatchers(): readonly RequestWatcher[] {
    const log = new RequestLog(this.logger, Date.now);
    return this.metrics ? [log, this.metrics.http] : [log];
  }

  /** Hears of the calls that carry appends to the database. */
  get appendWatcher(): AppendWatcher | undefined {
    const { metrics, tracer } = this;
    if (!metrics && !tracer) return undefined;
    return {
      mark: () => tracer?.current(),
      sent: (marks) => {
        const beganAtMs = performance.now();
        const traced = marks as readonly (TracedSpan | undefined)[];
        const spans = traced.filter((span) => span !== undefined);
        const attributes = { 'db.system.name': 'postgresql', 'db.batch.appends': marks.length };
        const span = tracer?.shared({ name: 'append_batch', kind: 'client', attributes }, spans);
        return (outcome) => {
          const tookMs = performance.now() - beganAtMs;
          metrics?.log.batch(outcome, { appends: marks.length, tookMs });
          span?.end(outcome === 'done' ? undefined : new Error('no answer'));
        };
      },
    };
  }

  async close(): Promise<void> {
    try {
      await this.tracer?.close();
    } catch (error) {
      this.logger.warn({ err: error }, 'the last traces could not be sent');
    }
  }
}

/** Loaded only by who wants traces: it takes a while, and memory. */
async function tracerOf({ tracesUrl, tracesRatio }: ServerConfig): Promise<Tracer | undefined> {
  if (tracesUrl === undefined) return undefined;
  const { OtlpTracer } = await import('../observability/otlp-tracer.js');
  return new OtlpTracer({
    url: tracesUrl,
    ratio: tracesRatio,
    version: VERSIONS.moraine,
    random: Math.random,
  });
}
