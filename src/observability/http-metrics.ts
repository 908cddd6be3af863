import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { EndedRequest, RequestWatcher } from './ended-request.js';

/** Up to a minute: a commit or a merge of millions takes its time. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export class HttpMetrics implements RequestWatcher {
  readonly #requests: Counter<'operation' | 'status'>;
  readonly #duration: Histogram<'operation'>;
  readonly #inFlight: Gauge;
  readonly #cut: Counter;
  readonly #received: Counter;
  readonly #sent: Counter;
  /** By operation and status: resolving labels anew costs more than counting. */
  readonly #known = new Map<string, Counter.Internal>();
  readonly #timers = new Map<string, Histogram.Internal<'operation'>>();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({
      name: 'moraine_http_requests_total',
      help: 'Requests that ended, by operation and status; 499: the client went first.',
      labelNames: ['operation', 'status'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'moraine_http_request_duration_seconds',
      help: 'From the end of the headers to the end of the answer.',
      labelNames: ['operation'],
      buckets: SECONDS,
      registers,
    });
    this.#inFlight = new Gauge({
      name: 'moraine_http_requests_in_flight',
      help: 'Requests that have begun and not ended, those that wait for their turn included.',
      registers,
    });
    this.#cut = new Counter({
      name: 'moraine_http_requests_cut_total',
      help: 'Requests whose connection broke before the answer was whole.',
      registers,
    });
    this.#received = new Counter({
      name: 'moraine_http_received_bytes_total',
      help: 'Bytes of requests on the wire, headers included.',
      registers,
    });
    this.#sent = new Counter({
      name: 'moraine_http_sent_bytes_total',
      help: 'Bytes of answers on the wire, headers included.',
      registers,
    });
  }

  begun(): void {
    this.#inFlight.inc();
  }

  ended({ operation, status, tookMs, bytesIn, bytesOut, isCut }: EndedRequest): void {
    this.#inFlight.dec();
    this.#counterOf(operation, status).inc();
    this.#timerOf(operation).observe(tookMs / 1000);
    this.#received.inc(bytesIn);
    this.#sent.inc(bytesOut);
    if (isCut) this.#cut.inc();
  }

  #counterOf(operation: string, status: number): Counter.Internal {
    const key = `${operation} ${status}`;
    const known = this.#known.get(key);
    if (known) return known;
    const counter = this.#requests.labels(operation, String(status));
    this.#known.set(key, counter);
    return counter;
  }

  #timerOf(operation: string): Histogram.Internal<'operation'> {
    const known = this.#timers.get(operation);
    if (known) return known;
    const timer = this.#duration.labels(operation);
    this.#timers.set(operation, timer);
    return timer;
  }
}
