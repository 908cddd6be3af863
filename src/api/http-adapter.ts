import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../domain/errors.js';
import { aroundRequests } from './around-requests.js';
import type { EdgeRequest } from './caller.js';
import { answerError } from './http-errors.js';
import { inTurn } from './in-turn.js';
import { keepAnswer } from './keyed-request.js';
import { parseJson } from './json-body.js';
import { isTarget, LeanAdapter } from './lean-adapter.js';
import { API_PREFIX } from './operations.js';
import { decodePathText } from './percent.js';

export const JSON_BYTES_MAX = 1024 * 1024;
/** Of the request line and all headers; a path or ref of 1,024 escaped bytes takes 3 KiB. */
export const HEADER_BYTES_MAX = 64 * 1024;

/** Longer than any answer may be waited for; a client that has died is let go of after it. */
export const IDLE_MS_MAX = 15 * 60 * 1000;

/** How long a request's line and headers may take to arrive. */
export const HEADERS_MS_MAX = 60_000;
const HEADERS_CHECK_MS = 5_000;
const KEEP_ALIVE_MS = 75_000;
const CONNECTIONS_MAX = 10_000;

export interface HttpOptions {
  /** A client's own id is never taken over. */
  readonly newRequestId: () => string;
  readonly headersMsMax?: number;
  /** How long a connection is kept for its next request. */
  readonly keepAliveMs?: number;
  /** One more is closed. */
  readonly connectionsMax?: number;
  /** Hears of every request when its headers are in. */
  readonly begin?: (request: FastifyRequest, reply: FastifyReply) => void;
  /** Adds what is to come before the body of a request is taken. */
  readonly extend?: (server: FastifyInstance, newRequestId: () => string) => void;
}

/**
 * Returns the HTTP server: how bytes of a socket become a request, and how what breaks on the way
 * becomes an answer. Whatever goes wrong, the body is `{"message"}`.
 */
export function httpAdapter(options: HttpOptions): FastifyAdapter {
  const { newRequestId, headersMsMax = HEADERS_MS_MAX, begin = () => {}, extend } = options;
  const adapter = new LeanAdapter({
    bodyLimit: JSON_BYTES_MAX,
    exposeHeadRoutes: false,
    trustProxy: true,
    skipMiddie: true,
    genReqId: newRequestId,
    // An upload takes as long as it takes, while something moves: see slow-clients.ts.
    requestTimeout: 0,
    keepAliveTimeout: options.keepAliveMs ?? KEEP_ALIVE_MS,
    connectionTimeout: IDLE_MS_MAX,
    // What still comes in while the server ends is answered, and its connection closed after it.
    return503OnClosing: false,
    http: {
      maxHeaderSize: HEADER_BYTES_MAX,
      requireHostHeader: false,
      headersTimeout: headersMsMax,
      connectionsCheckingInterval: Math.min(headersMsMax / 2, HEADERS_CHECK_MS),
    },
    routerOptions: {
      maxParamLength: HEADER_BYTES_MAX,
      // Queries are read from the raw URL, strictly: see query.ts.
      querystringParser: () => noQuery,
    },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      begin(request, reply);
      answerBadUrl(error, request, reply);
    },
    clientErrorHandler: (error, socket) => answerBadRequest(error, socket, newRequestId()),
  });
  adapter.takeHooks();
  adapter.getInstance().server.maxConnections = options.connectionsMax ?? CONNECTIONS_MAX;
  aroundRequests(adapter.getInstance().server, inTurn);
  addHooks(adapter, { newRequestId, begin });
  extend?.(adapter.getInstance(), newRequestId);
  addParsers(adapter);
  return adapter;
}

function addHooks(
  adapter: FastifyAdapter,
  { newRequestId, begin }: Required<Pick<HttpOptions, 'newRequestId' | 'begin'>>,
): void {
  const server = adapter.getInstance();
  server.decorateRequest('contentType', '');
  server.decorateRequest('user', null);
  server.decorateRequest('commandId', null);
  server.decorateRequest('keyed', null);
  server.decorateRequest('parsedQuery', null);
  server.decorateRequest('operationName', '');
  server.decorateRequest('routeName', '');
  server.decorateRequest('traceId', undefined);
  server.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    // No answer of ours is to be taken for anything but what it says it is.
    void reply.header('x-content-type-options', 'nosniff');
    begin(request, reply);
    // Unheard, an answer that is written to once too often would end the process.
    reply.raw.on('error', () => {});
    foldContentType(request as EdgeRequest);
    if (request.is404 || isTarget(request.raw.url ?? '')) done();
    else reply.callNotFound();
  });
  server.addHook('preSerialization', (_request, reply, payload, done) => {
    // Fastify adds a charset, which lakeFS's web UI does not expect.
    void reply.header('content-type', 'application/json');
    done(null, payload);
  });
  server.addHook('onSend', keepAnswer);
  server.addHook('preClose', (done) => {
    // Else a connection whose last answer is still to come keeps the server for a minute more.
    server.server.keepAliveTimeout = 1;
    done();
  });
  server.server.on('checkExpectation', (_request, response: ServerResponse) => {
    const body = JSON.stringify({ message: 'no such expectation can be met' });
    const length = { 'content-length': Buffer.byteLength(body) };
    response.writeHead(417, { ...errorHeaders(newRequestId()), ...length }).end(body);
  });
  // Left to Node a tunnel is closed without a word.
  server.server.on('connect', (_request, socket: Duplex) => {
    answerBadRequest(new Error('this is no proxy'), socket, newRequestId());
  });
}

/**
 * Keeps the type of a body for those who ask for it, and tells Fastify another: it answers 415 to
 * what it cannot read as a type, and an upload may call itself whatever it likes.
 */
function foldContentType(request: EdgeRequest): void {
  const { headers, method, url = '' } = request.raw;
  const contentType = headers['content-type'];
  if (contentType === undefined) return;
  request.contentType = contentType;
  if (isUpload(method, url)) delete headers['content-type'];
  else headers['content-type'] = 'application/json';
}

function addParsers(adapter: FastifyAdapter): void {
  const server = adapter.getInstance();
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    (request: FastifyRequest, body: Buffer, done) => {
      try {
        const { contentType } = request as EdgeRequest;
        // Where there is no endpoint nothing of a request is wrong but that.
        done(null, request.is404 ? undefined : parseJson(body, contentType));
      } catch (error) {
        done(error as Error);
      }
    },
  );
  server.addContentTypeParser('*', (request, stream, done) => {
    if (request.is404 || isUpload(request.raw.method, request.raw.url ?? '')) done(null, stream);
    else done(new DomainError('invalid', { field: 'Content-Type', reason: 'is missing' }));
  });
}

/** Where a body is handed on as it comes: `…/branches/{branch}/objects`, and presigned URLs. */
function isUpload(method: string | undefined, url: string): boolean {
  if (method === 'PUT') return url.startsWith('/_blocks/') || url.startsWith('/_parts/');
  if (method !== 'POST') return false;
  const end = url.indexOf('?');
  return (end < 0 ? url : url.slice(0, end)).endsWith('/objects');
}

/** What the router itself refuses: an escape in the path that is none. */
function answerBadUrl(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const [path = ''] = (request.raw.url ?? '').split('?', 1);
  void reply.header('x-request-id', request.id);
  answerError(reply, { status: 400, message: pathFault(path) ?? error.message });
}

function pathFault(path: string): string | undefined {
  try {
    for (const segment of path.slice(API_PREFIX.length).split('/')) decodePathText(segment, 'path');
    return undefined;
  } catch (error) {
    return error instanceof DomainError ? error.message : undefined;
  }
}

/** What Node refuses before there is a request: answered on the bare socket. */
function answerBadRequest(
  error: Error & { code?: string },
  socket: Duplex,
  requestId: string,
): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return;
  const [status, message] = socketErrors.get(error.code ?? '') ?? noHttp;
  const body = JSON.stringify({ message });
  const headers = { ...errorHeaders(requestId), 'content-length': Buffer.byteLength(body) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`);
}

function errorHeaders(requestId: string) {
  return {
    'content-type': 'application/json',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
    connection: 'close',
  };
}

const noHttp = ['400 Bad Request', 'not a valid HTTP request'] as const;
const tooLong = `path and headers are over ${HEADER_BYTES_MAX} bytes`;
const socketErrors: ReadonlyMap<string, readonly [status: string, message: string]> = new Map([
  ['ERR_HTTP_REQUEST_TIMEOUT', ['408 Request Timeout', 'the request took too long to arrive']],
  ['HPE_HEADER_OVERFLOW', ['431 Request Header Fields Too Large', tooLong]],
]);
const noQuery = Object.freeze({});
