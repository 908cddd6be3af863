import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EndedRequest, RequestWatcher } from '../observability/ended-request.js';
import type { EdgeRequest } from './caller.js';
import { ALL_OPERATIONS, routeOf } from './operations.js';

/** A request of which somebody behind the router knows better what it asks for. */
export interface NamedRequest extends FastifyRequest {
  /** Undefined: it is not traced. */
  traceId: string | undefined;
  /** "" until it is set, to one of a bounded set of names. */
  operationName: string;
  /** "" until it is set, to one of those that the router has. */
  routeName: string;
}

/** Tells watchers of every request, once it has ended, however it ended. */
export class RequestWatch {
  readonly #counted = new WeakMap<Socket, Wire>();

  /** @param elapsedMs  a clock that only goes forward */
  constructor(
    private readonly watchers: readonly RequestWatcher[],
    private readonly elapsedMs: () => number,
  ) {}

  /** Called when the headers of a request are in. */
  begin(request: FastifyRequest, reply: FastifyReply): void {
    const beganAtMs = this.elapsedMs();
    for (const watcher of this.watchers) watcher.begun();
    // An answer that breaks off never finishes, but each one closes.
    reply.raw.on('close', () => {
      const ended = this.#ended(request, reply, beganAtMs);
      for (const watcher of this.watchers) watcher.ended(ended);
    });
  }

  #ended(request: FastifyRequest, reply: FastifyReply, beganAtMs: number): EndedRequest {
    const { raw } = reply;
    const isCut = !raw.writableFinished;
    const { repository } = (request.params ?? {}) as { repository?: unknown };
    return {
      requestId: request.id,
      traceId: (request as NamedRequest).traceId,
      method: request.raw.method ?? '',
      operation: operationOf(request),
      route: (request as NamedRequest).routeName || (request.routeOptions?.url ?? ''),
      status: isCut && !raw.headersSent ? CLIENT_GONE : raw.statusCode,
      tookMs: this.elapsedMs() - beganAtMs,
      ...this.#bytesOf(request.raw.socket),
      user: (request as EdgeRequest).user?.id,
      repository: typeof repository === 'string' ? repository : undefined,
      isCut,
    };
  }

  /** What went over a connection since its request before this one ended. */
  #bytesOf(socket: Socket): { bytesIn: number; bytesOut: number } {
    const before = this.#counted.get(socket) ?? NOTHING;
    const now = { bytesIn: socket.bytesRead ?? 0, bytesOut: socket.bytesWritten ?? 0 };
    this.#counted.set(socket, now);
    return {
      bytesIn: now.bytesIn - before.bytesIn,
      bytesOut: now.bytesOut - before.bytesOut,
    };
  }
}

interface Wire {
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Returns what a request asks for; every name is one of a bounded set. */
export function operationOf(request: FastifyRequest): string {
  const { operationName } = request as NamedRequest;
  if (operationName) return operationName;
  const url = request.routeOptions?.url;
  if (url === undefined) return NO_OPERATION;
  const key = `${request.raw.method} ${url}`;
  return operationIds.get(key) ?? key;
}

const operationIds: ReadonlyMap<string, string> = new Map(
  ALL_OPERATIONS.map((each) => [`${each.method} ${routeOf(each)}`, each.operationId]),
);
const NO_OPERATION = 'none';
const NOTHING: Wire = { bytesIn: 0, bytesOut: 0 };
/** Not sent to anybody: nobody is there. */
const CLIENT_GONE = 499;
