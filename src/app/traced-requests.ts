import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type NamedRequest, operationOf } from '../api/request-watch.js';
import type { TracedSpan, Tracer } from '../observability/tracer.js';
import { settled } from './around.js';

/** Begins a span for each request, and lets what is done for it run within. */
export function traceRequests(server: FastifyInstance, tracer: Tracer): void {
  const spans = new WeakMap<FastifyRequest, TracedSpan>();
  server.addHook('onRequest', (request, reply, done) => {
    const { traceparent } = request.headers;
    const name = operationOf(request);
    const span = tracer.begin(
      {
        name,
        kind: 'server',
        attributes: {
          'http.request.method': request.raw.method ?? '',
          'http.route': request.routeOptions?.url ?? '',
          'moraine.request_id': request.id,
        },
      },
      typeof traceparent === 'string' ? traceparent : undefined,
    );
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
    const span = spans.get(request);
    if (span) tracer.within(span, done);
    else done();
  });
}

/** Lets each command and each query run within a span of its own. */
export function traceBus(bus: CommandBus | QueryBus, tracer: Tracer): void {
  const kind = bus instanceof CommandBus ? 'command' : 'query';
  const execute: (...args: never[]) => unknown = bus.execute.bind(bus);
  const traced = (asked: object, ...rest: unknown[]): unknown => {
    const args = [asked, ...rest] as never[];
    const span = tracer.child({ name: `${kind} ${asked.constructor.name}`, kind: 'internal' });
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
