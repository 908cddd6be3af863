import type { EndedRequest, RequestWatcher } from './ended-request.js';
import { type LineWriter, type Logger, writerOf } from './logger.js';

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
 *
 * It is put together here and not by the logger, which looks at each field of each line anew. The
 * logger's own beginning of a line stands before it, so it is read like all others.
 */
export class RequestLog implements RequestWatcher {
  readonly #write: LineWriter;

  constructor(
    private readonly logger: Logger,
    private readonly nowMs: () => number,
  ) {
    this.#write = writerOf(logger);
  }

  begun(): void {}

  ended(request: EndedRequest): void {
    const level = levelOf(request);
    if (!this.logger.isLevelEnabled(level)) return;
    this.#write(level, this.nowMs(), fieldsOf(request));
  }
}

function levelOf({ status, operation }: EndedRequest): 'debug' | 'info' | 'warn' {
  // What is not built is not broken.
  if (status >= 500 && status !== NOT_IMPLEMENTED) return 'warn';
  return PROBES.has(operation) ? 'debug' : 'info';
}

/** What a client may have chosen is escaped; the rest are numbers and names of ours. */
function fieldsOf(request: EndedRequest): string {
  const { requestId, traceId, method, operation, route, status, tookMs } = request;
  const { bytesIn, bytesOut, user, repository, isCut } = request;
  const took = Math.round(tookMs * 1000) / 1000;
  return (
    `,"requestId":${quoted(requestId)}` +
    (traceId === undefined ? '' : `,"traceId":${quoted(traceId)}`) +
    `,"method":${quoted(method)},"operation":${quoted(operation)},"route":${quoted(route)}` +
    `,"status":${status},"bytesIn":${bytesIn},"bytesOut":${bytesOut}` +
    (user === undefined ? '' : `,"user":${quoted(user)}`) +
    (repository === undefined ? '' : `,"repository":${quoted(repository)}`) +
    `,"tookMs":${took}${isCut ? ',"isCut":true' : ''},"msg":"request"`
  );
}

function quoted(text: string): string {
  return isPlain.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** Nothing in it is escaped in JSON. */
const isPlain = /^[\w /:.*-]*$/;
