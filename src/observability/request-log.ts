import type { EndedRequest, RequestWatcher } from './ended-request.js';
import { type Logger, plainLogger } from './logger.js';

/** Operations that ask how we are, and ask it all day. */
const PROBES: ReadonlySet<string> = new Set([
  'healthCheck',
  'GET /_health',
  'GET /readyz',
  'GET /metrics',
]);

const NOT_IMPLEMENTED = 501;

/**
 * One line a request. Of what the client sent it has the method and the names of the route: a path,
 * a query, a header or a body may hold a secret.
 */
export class RequestLog implements RequestWatcher {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = plainLogger(logger);
  }

  begun(): void {}

  ended(request: EndedRequest): void {
    const level = levelOf(request);
    if (!this.#logger.isLevelEnabled(level)) return;
    const { tookMs, isCut, ...rest } = request;
    const line = { ...rest, tookMs: Math.round(tookMs * 1000) / 1000, ...(isCut && { isCut }) };
    this.#logger[level](line, 'request');
  }
}

function levelOf({ status, operation }: EndedRequest): 'debug' | 'info' | 'warn' {
  // What is not built is not broken.
  if (status >= 500 && status !== NOT_IMPLEMENTED) return 'warn';
  return PROBES.has(operation) ? 'debug' : 'info';
}
