import { type ExecutionContext, RequestMethod } from '@nestjs/common';
import * as known from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { assert } from '../shared/assert.js';
import type { AuthGuard } from './auth.guard.js';
import type { EdgeRequest } from './caller.js';
import { answerFault } from './http-errors.js';
import { type Operation, routeOf } from './operations.js';
import type { NamedRequest } from './request-watch.js';
import { nestMethods, servedBy } from './serves.js';

/** Answers a request, whatever becomes of it. */
export type DirectHandler = (request: FastifyRequest, reply: FastifyReply) => void;

type Guard = Pick<AuthGuard, 'canActivate'>;

/**
 * Returns a handler for each operation, by `GET /api/v1/…`, which calls the controller's method and
 * nothing else: what its decorators say is read here, once, and not with every request (ADR 0037).
 *
 * A method with a decorator that is not known here is left to Nest.
 */
export function directHandlers(
  controllers: Iterable<object>,
  guard: Guard,
): ReadonlyMap<string, DirectHandler> {
  const handlers = new Map<string, DirectHandler>();
  for (const controller of controllers) {
    const prototype = Object.getPrototypeOf(controller) as object;
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const operation = servedBy(prototype, name)?.operation;
      const method = operation && readMethod(controller, name, nestMethods[operation.method]);
      if (!method) continue;
      const handler = handlerOf(method, operation, guard);
      handlers.set(`${operation.method} ${routeOf(operation)}`, handler);
    }
  }
  return handlers;
}

/** A controller's method, and what its decorators say. */
interface ReadMethod {
  readonly controller: object;
  readonly run: (...args: unknown[]) => unknown;
  /** One a parameter, in their order. */
  readonly params: readonly Param[];
  readonly status: number;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** It sends its answer by itself. */
  readonly isAnswering: boolean;
}

type Param = (request: FastifyRequest, reply: FastifyReply, context: ExecutionContext) => unknown;

function handlerOf(method: ReadMethod, operation: Operation, guard: Guard): DirectHandler {
  const type = method.controller.constructor as new () => object;
  const route = routeOf(operation);
  return (request, reply) => {
    if (hasEmptyParam(request)) return void reply.callNotFound();
    // For its line and its figures; the framework makes an object anew for each who asks.
    const named = request as NamedRequest;
    named.operationName = operation.operationId;
    named.routeName = route;
    const fail = (error: unknown): void => answerOrBreak(error, request, reply);
    try {
      const context = new ExecutionContextHost([request, reply], type, method.run);
      const admitted = guard.canActivate(context);
      if (admitted === true) call(method, context, fail);
      else admitted.then(() => call(method, context, fail)).catch(fail);
    } catch (error) {
      fail(error);
    }
  };
}

/** An answer that cannot even say what is wrong breaks off. */
function answerOrBreak(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  try {
    answerFault(error, request as EdgeRequest, reply);
  } catch {
    reply.raw.destroy();
  }
}

/** The router finds a route for an empty name, too; an answer of Nest's is that there is none. */
function hasEmptyParam(request: FastifyRequest): boolean {
  const params = request.params as Readonly<Record<string, string>>;
  for (const name in params) if (params[name] === '') return true;
  return false;
}

function call(method: ReadMethod, context: ExecutionContext, fail: (error: unknown) => void): void {
  const request = context.getArgByIndex<FastifyRequest>(0);
  const reply = context.getArgByIndex<FastifyReply>(1);
  reply.code(method.status);
  for (const { name, value } of method.headers) reply.header(name, value);
  const args = method.params.map((read) => read(request, reply, context));
  const answer = method.run.apply(method.controller, args);
  if (answer instanceof Promise) {
    answer.then((body) => send(method, reply, body)).catch(fail);
  } else {
    send(method, reply, answer);
  }
}

function send({ isAnswering }: ReadMethod, reply: FastifyReply, body: unknown): void {
  if (!isAnswering) void reply.send(body);
}

/** Returns what the decorators of a method say; undefined: one says what only Nest can do. */
function readMethod(controller: object, name: string, verb: RequestMethod): ReadMethod | undefined {
  const run = Reflect.get(controller, name) as ReadMethod['run'];
  const type = controller.constructor;
  const isKnown =
    Reflect.getMetadataKeys(run).every((key) => METHOD_METADATA.has(key)) &&
    Reflect.getMetadataKeys(type, name).every((key) => PARAMS_METADATA.has(key)) &&
    Reflect.getMetadataKeys(type).every((key) => saysNothing(type, key));
  const params = isKnown ? readParams(type, name) : undefined;
  if (!params) return undefined;
  const isPassing = Reflect.getMetadata(known.RESPONSE_PASSTHROUGH_METADATA, type, name) === true;
  return {
    controller,
    run,
    params,
    status:
      (Reflect.getMetadata(known.HTTP_CODE_METADATA, run) as number | undefined) ??
      (verb === RequestMethod.POST ? 201 : 200),
    headers: (Reflect.getMetadata(known.HEADERS_METADATA, run) ?? []) as ReadMethod['headers'],
    isAnswering: params.includes(theReply) && !isPassing,
  };
}

/** The compiler notes types, and Nest what a controller could be told and was not. */
function saysNothing(type: object, key: unknown): boolean {
  if (TYPE_METADATA.has(key) || String(key).startsWith('design:')) return true;
  return Reflect.getMetadata(key, type) === undefined;
}

/** As Nest notes a parameter, by its kind and its place. */
interface ToldParam {
  readonly index: number;
  readonly data?: unknown;
  readonly pipes?: readonly unknown[];
  readonly factory?: (data: unknown, context: ExecutionContext) => unknown;
}

function readParams(type: object, name: string): readonly Param[] | undefined {
  const told = (Reflect.getMetadata(known.ROUTE_ARGS_METADATA, type as never, name) ??
    {}) as Readonly<Record<string, ToldParam>>;
  const params: Param[] = [];
  for (const [key, { index, data, pipes = [], factory }] of Object.entries(told)) {
    if (pipes.length > 0) return undefined;
    const kind = Number(key.split(':')[0]);
    if (factory) params[index] = (_request, _reply, context) => factory(data, context);
    else if (kind === Number(RouteParamtypes.REQUEST)) params[index] = (request) => request;
    else if (kind === Number(RouteParamtypes.RESPONSE)) params[index] = theReply;
    else return undefined;
  }
  assert(!params.includes(undefined as never), 'every parameter has a decorator');
  return params;
}

const theReply: Param = (_request, reply) => reply;

const METHOD_METADATA: ReadonlySet<unknown> = new Set([
  known.PATH_METADATA,
  known.METHOD_METADATA,
  known.HTTP_CODE_METADATA,
  known.HEADERS_METADATA,
]);
const PARAMS_METADATA: ReadonlySet<unknown> = new Set([
  known.ROUTE_ARGS_METADATA,
  known.RESPONSE_PASSTHROUGH_METADATA,
]);
const TYPE_METADATA: ReadonlySet<unknown> = new Set([
  known.CONTROLLER_WATERMARK,
  known.PATH_METADATA,
]);
