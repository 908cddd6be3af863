import { Gauge, type Registry } from 'prom-client';
import type { EndedRequest, RequestWatcher } from './ended-request.js';
import { type Spread, Spreads, Tallies, type Tally } from './tallies.js';

/** Up to a minute: a commit or a merge of millions takes its time. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

interface OperationFigures {
  readonly seconds: Spread;
  /** By status. */
  readonly requests: Map<number, Tally>;
}

export class HttpMetrics implements RequestWatcher {
  readonly #requests: Tallies<'operation' | 'status'>;
  readonly #duration: Spreads<'operation'>;
  readonly #cut: Tally;
  readonly #received: Tally;
  readonly #sent: Tally;
  readonly #byOperation = new Map<string, OperationFigures>();
  #inFlightCount = 0;

  constructor(registry: Registry) {
    const inFlightCount = () => this.#inFlightCount;
    this.#requests = new Tallies(registry, {
      name: 'moraine_http_requests_total',
      help: 'Requests that ended, by operation and status; 499: the client went first.',
      labels: ['operation', 'status'],
    });
    this.#duration = new Spreads(registry, {
      name: 'moraine_http_request_duration_seconds',
      help: 'From the end of the headers to the end of the answer.',
      labels: ['operation'],
      bounds: SECONDS,
    });
    registry.registerMetric(
      new Gauge({
        name: 'moraine_http_requests_in_flight',
        help: 'Requests that have begun and not ended, those that wait for their turn included.',
        registers: [],
        collect() {
          this.set(inFlightCount());
        },
      }),
    );
    const tally = (name: string, help: string) => new Tallies(registry, { name, help }).of({});
    this.#cut = tally(
      'moraine_http_requests_cut_total',
      'Requests whose connection broke before the answer was whole.',
    );
    this.#received = tally(
      'moraine_http_received_bytes_total',
      'Bytes of requests on the wire, headers included.',
    );
    this.#sent = tally(
      'moraine_http_sent_bytes_total',
      'Bytes of answers on the wire, headers included.',
    );
  }

  begun(): void {
    this.#inFlightCount++;
  }

  ended({ operation, status, tookMs, bytesIn, bytesOut, isCut }: EndedRequest): void {
    this.#inFlightCount--;
    const figures = this.#byOperation.get(operation) ?? this.#figuresOf(operation);
    figures.seconds.add(tookMs / 1000);
    (figures.requests.get(status) ?? this.#requestsOf(operation, status)).add();
    this.#received.add(bytesIn);
    this.#sent.add(bytesOut);
    if (isCut) this.#cut.add();
  }

  #figuresOf(operation: string): OperationFigures {
    const figures = { seconds: this.#duration.of({ operation }), requests: new Map() };
    this.#byOperation.set(operation, figures);
    return figures;
  }

  #requestsOf(operation: string, status: number): Tally {
    const requests = this.#requests.of({ operation, status: String(status) });
    this.#byOperation.get(operation)?.requests.set(status, requests);
    return requests;
  }
}
