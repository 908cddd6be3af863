import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Admission, AdmissionKind, Refused } from './admission.js';
import { API_PREFIX } from './operations.js';
import type { SlowClients } from './slow-clients.js';

/** What keeps the edge able to answer when more is asked of it than it can do. */
export interface EdgeLimits {
  readonly admission: Admission;
  readonly slowClients: SlowClients;
  /** Whether the server is about to end: each answer then ends its connection. */
  readonly isDraining: () => boolean;
  /** Hears of each request that is turned away. */
  readonly refused: (reason: Refused) => void;
}

/** Adds the limits to a server: before any body is taken, and before anybody is looked up. */
export function addLimits(server: FastifyInstance, limits: EdgeLimits): void {
  // `100 Continue` asks for the body: it is said when there is a place for it.
  server.server.on('checkContinue', (request, response) => {
    expecting.add(request);
    server.server.emit('request', request, response);
  });
  server.decorateRequest('leavePlace', null);
  server.decorateRequest('leaveLimits', null);
  server.addHook('onRequest', (request, reply, done) => {
    if (limits.isDraining()) void reply.header('connection', 'close');
    if (isProbe(request)) done();
    else admit(request, reply, { limits, done });
  });
  server.addHook('onSend', (request, _reply, payload, done) => {
    // A download is as slow as its client: it waits for nobody's turn any more.
    if (isStream(payload)) (request as PlacedRequest).leavePlace?.();
    done(null, payload);
  });
}

interface PlacedRequest extends FastifyRequest {
  /** Gives the place among the requests back; null: it has none of those. */
  leavePlace: (() => void) | null;
  /** Gives it back, and the answer is as slow as it likes; null: it is not limited. */
  leaveLimits: (() => void) | null;
}

/**
 * Lets a request go that is answered for as long as somebody listens: it holds no place any more,
 * and whoever answers it looks after its client himself.
 */
export function leaveLimits(request: FastifyRequest): void {
  (request as PlacedRequest).leaveLimits?.();
}

function admit(
  request: FastifyRequest,
  reply: FastifyReply,
  { limits, done }: { limits: EdgeLimits; done: () => void },
): void {
  const kind = kindOf(request);
  const giveUp = limits.admission.enter(kind, (answer) => {
    if (typeof answer === 'string') return refuse(request, reply, { limits, reason: answer });
    const leave = answer;
    if (reply.raw.destroyed) return leave();
    const forget = limits.slowClients.watch(request, reply, kind === 'upload');
    if (kind === 'request') (request as PlacedRequest).leavePlace = leave;
    const leaveBoth = () => {
      leave();
      forget();
    };
    (request as PlacedRequest).leaveLimits = leaveBoth;
    reply.raw.on('close', leaveBoth);
    if (expecting.has(request.raw)) reply.raw.writeContinue();
    done();
  });
  if (giveUp) reply.raw.once('close', giveUp);
}

function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  { limits, reason }: { limits: EdgeLimits; reason: Refused },
): void {
  limits.refused(reason);
  // Past Fastify's ways of answering: there are many of these when there is no time for any.
  reply.hijack();
  // Whoever waits for `100 Continue` has sent no body, and need not.
  const isLast = limits.isDraining() || expecting.has(request.raw);
  reply.raw
    .writeHead(503, {
      ...REFUSAL_HEADERS,
      'x-request-id': request.id,
      ...(isLast && { connection: 'close' }),
    })
    .end(REFUSAL);
  if (request.raw.complete) return;
  // A connection that is closed on a client in the middle of its body takes the answer with it.
  request.raw.resume();
  limits.slowClients.letGo(request);
}

/** Whoever asks how we are is answered in any case. */
function isProbe({ raw: { method, url = '' } }: FastifyRequest): boolean {
  return method === 'GET' && probes.has(url);
}

const probes: ReadonlySet<string> = new Set([
  '/_health',
  '/readyz',
  '/metrics',
  `${API_PREFIX}/healthcheck`,
]);

/** An upload is a body of any length, which is handed on as it comes. */
function kindOf({ raw: { method, url = '', headers } }: FastifyRequest): AdmissionKind {
  if (method !== 'POST' && method !== 'PUT') return 'request';
  const end = url.indexOf('?');
  const path = end < 0 ? url : url.slice(0, end);
  if (path.startsWith(`${API_PREFIX}/`)) {
    return method === 'POST' && path.endsWith('/objects') ? 'upload' : 'request';
  }
  const isChunked = headers['transfer-encoding'] !== undefined;
  return isChunked || Number(headers['content-length'] ?? 0) > 0 ? 'upload' : 'request';
}

function isStream(payload: unknown): boolean {
  return typeof payload === 'object' && payload !== null && 'pipe' in payload;
}

const expecting = new WeakSet<object>();
const REFUSAL = JSON.stringify({ message: 'too many requests waiting, try again later' });
const REFUSAL_HEADERS = {
  'content-type': 'application/json',
  'content-length': Buffer.byteLength(REFUSAL),
  'x-content-type-options': 'nosniff',
  'retry-after': '1',
};
