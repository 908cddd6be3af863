import type { EndedRequest, RequestWatcher } from './ended-request.js';
import type { Logger } from './logger.js';

/** Operations that ask how we are, and ask it all day. */
const PROBES: ReadonlySet<string> = new Set([
  'healthCheck',
  'GET /_health',
  'GET /readyz',
  'GET /metrics',
]);

/**
 * One line a request. Of what the client sent it has the method and the names of the route: a path,
 * a query, a header or a body may hold a secret.
 */
export class RequestLog implements RequestWatcher {
  constructor(private readonly logger: Logger) {}

  begun(): void {}

  ended({ tookMs, isCut, ...rest }: EndedRequest): void {
    const line = { ...rest, tookMs: Math.round(tookMs * 1000) / 1000, ...(isCut && { isCut }) };
    if (rest.status >= 500) this.logger.warn(line, 'request');
    else if (PROBES.has(rest.operation)) this.logger.debug(line, 'request');
    else this.logger.info(line, 'request');
  }
}
