import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Admission, AdmissionKind, Refused } from './admission.js';
import { aroundRequests } from './around-requests.js';
import { API_PREFIX } from './operations.js';
import type { SlowClients } from './slow-clients.js';

/** What keeps the edge able to answer when more is asked of it than it can do. */
export interface EdgeLimits {
  readonly admission: Admission;
  readonly slowClients: SlowClients;
  /** Whether the server is about to end: each answer then ends its connection. */
  readonly isDraining: () => boolean;
  readonly newRequestId: () => string;
  /** Hears of each request that is turned away. */
  readonly refused: (reason: Refused) => void;
}

/** Adds the limits to a server: before any body is taken, and before anybody is looked up. */
export function addLimits(server: FastifyInstance, limits: EdgeLimits): void {
  addGate(server.server, limits);
  // `100 Continue` asks for the body: it is said when there is a place for it.
  server.server.on('checkContinue', (request, response) => {
    expecting.add(request);
    server.server.emit('request', request, response);
  });
  server.decorateRequest('leavePlace', null);
  server.decorateRequest('leaveLimits', null);
  server.addHook('onRequest', (request, reply, done) => {
    if (limits.isDraining()) void reply.header('connection', 'close');
    if (isProbe(request.raw)) done();
    else admit(request, reply, { limits, done });
  });
  server.addHook('onSend', (request, _reply, payload, done) => {
    // A download is as slow as its client: it waits for nobody's turn any more.
    if (isStream(payload)) (request as PlacedRequest).leavePlace?.();
    done(null, payload);
  });
}

/**
 * Turns away in front of the router whom nobody could let in: of these there are most when there is
 * least time for them. They are counted, and no requests to anybody else.
 */
function addGate(server: Server, limits: EdgeLimits): void {
  aroundRequests(server, (answer) => (request, response) => {
    if (!limits.admission.isFull(kindOf(request)) || isProbe(request)) {
      return answer(request, response);
    }
    refuse(request, response, { limits, reason: 'full', requestId: limits.newRequestId() });
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
  const kind = kindOf(request.raw);
  const giveUp = limits.admission.enter(kind, (answer) => {
    if (typeof answer === 'string') {
      reply.hijack();
      return refuse(request.raw, reply.raw, { limits, reason: answer, requestId: request.id });
    }
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
  request: IncomingMessage,
  response: ServerResponse,
  { limits, reason, requestId }: { limits: EdgeLimits; reason: Refused; requestId: string },
): void {
  limits.refused(reason);
  // Whoever waits for `100 Continue` has sent no body, and need not.
  const isLast = limits.isDraining() || expecting.has(request);
  const headers = [...REFUSAL_HEADERS, 'x-request-id', requestId];
  if (isLast) headers.push('connection', 'close');
  response.writeHead(503, headers).end(REFUSAL);
  // A connection that is closed on a client in the middle of its body takes the answer with it.
  if (!request.complete) limits.slowClients.letGo(request);
}

/** Whoever asks how we are is answered in any case. */
function isProbe({ method, url = '' }: IncomingMessage): boolean {
  return method === 'GET' && probes.has(url);
}

const probes: ReadonlySet<string> = new Set([
  '/_health',
  '/readyz',
  '/metrics',
  `${API_PREFIX}/healthcheck`,
]);

/** An upload is a body of any length, which is handed on as it comes. */
function kindOf({ method, url = '', headers }: IncomingMessage): AdmissionKind {
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
const REFUSAL_HEADERS = Object.entries({
  'content-type': 'application/json',
  'content-length': String(Buffer.byteLength(REFUSAL)),
  'x-content-type-options': 'nosniff',
  'retry-after': '1',
}).flat();
