import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type NamedRequest, operationOf } from '../api/request-watch.js';
import type { SpanStart, TracedSpan, Tracer } from '../observability/tracer.js';
import { settled } from './around.js';

/** Begins a span for each request, and lets what is done for it run within. */
export function traceRequests(server: FastifyInstance, tracer: Tracer): void {
  const spans = new WeakMap<FastifyRequest, TracedSpan>();
  server.addHook('onRequest', (request, reply, done) => {
    const { traceparent } = request.headers;
    const start = () => startOf(request);
    const span = tracer.begin(start, typeof traceparent === 'string' ? traceparent : undefined);
    if (!span) return done();
    spans.set(request, span);
    (request as NamedRequest).traceId = span.traceId;
    reply.raw.once('close', () => {
      const { statusCode, writableFinished } = reply.raw;
      span.set({ 'http.response.status_code': statusCode });
      const isOurs = statusCode >= 500 || !writableFinished;
      span.end(isOurs ? new Error('the request failed') : undefined);
    });
    done();
  });
  // Behind the parsing of a body, which loses track of who asked for it.
  server.addHook('preValidation', (request, _reply, done) => {
    const span = (request as NamedRequest).traceId === undefined ? undefined : spans.get(request);
    if (span) tracer.within(span, done);
    else done();
  });
}

function startOf(request: FastifyRequest): SpanStart {
  return {
    name: operationOf(request),
    kind: 'server',
    attributes: {
      'http.request.method': request.raw.method ?? '',
      'http.route': request.routeOptions?.url ?? '',
      'moraine.request_id': request.id,
    },
  };
}

/** Lets each command and each query run within a span of its own. */
export function traceBus(bus: CommandBus | QueryBus, tracer: Tracer): void {
  const kind = bus instanceof CommandBus ? 'command' : 'query';
  const execute: (...args: never[]) => unknown = bus.execute.bind(bus);
  const traced = (asked: object, ...rest: unknown[]): unknown => {
    const args = [asked, ...rest] as never[];
    const name = asked.constructor.name;
    const span = tracer.current() && tracer.child({ name: `${kind} ${name}`, kind: 'internal' });
    if (!span) return execute(...args);
    try {
      return settled(
        tracer.within(span, () => execute(...args)),
        ({ error }) => span.end(error),
      );
    } catch (error) {
      span.end(error);
      throw error;
    }
  };
  Object.assign(bus, { execute: traced });
}
