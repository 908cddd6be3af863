import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { UserRecord } from '../auth/authenticator.js';
import { DomainError } from '../domain/errors.js';
import { assert } from '../shared/assert.js';
import { BlocksController } from './blocks.controller.js';
import { clientOf, type EdgeRequest, edgeRequest } from './caller.js';
import { KeyedRequests, keyOf } from './keyed-request.js';
import { KnownCallers } from './known-callers.js';
import {
  ALL_OPERATIONS,
  OPTIONAL_CALLER_OPERATIONS,
  PUBLIC_OPERATIONS,
  PUBLIC_PAGES,
  routeOf,
} from './operations.js';
import { refuseBorrowedSession, sessionOf } from './session-cookie.js';
import { EdgeSettings } from './settings.js';

/** Finds out who asks; with no promise when the caller is known, since all requests come here. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly callers: KnownCallers,
    private readonly settings: EdgeSettings,
    private readonly keyed: KeyedRequests,
  ) {}

  canActivate(context: ExecutionContext): true | Promise<true> {
    const request = edgeRequest(context);
    if (mayChange(request)) request.commandId = this.settings.newCommandId();
    // Its own permission, whoever the client says it is.
    if (context.getClass() === BlocksController) return true;
    const { authorization } = request.headers;
    if (authorization === undefined) return this.#byCookie(request);
    const known = this.callers.known(authorization, request.raw.socket);
    if (known !== undefined) return this.#admit(request, known);
    if (publicRoutes.has(routeKey(request))) return true;
    const credential = { header: authorization, client: clientOf(request) };
    return this.callers.find(credential).then((user) => this.#admit(request, user));
  }

  /** A browser sends its cookie along whatever it asks for: an old one is as good as none. */
  #byCookie(request: EdgeRequest): true | Promise<true> {
    const header = sessionOf(request.headers);
    if (header === undefined || publicRoutes.has(routeKey(request))) return mayBeNobody(request);
    refuseBorrowedSession({
      method: request.raw.method,
      headers: request.headers,
      host: request.host,
    });
    return this.callers.find({ header, client: clientOf(request) }).then(
      (user) => this.#admit(request, user),
      (error: unknown) => {
        const isWrong = error instanceof DomainError && error.code === 'authentication_failed';
        if (isWrong) return mayBeNobody(request);
        throw error;
      },
    );
  }

  #admit(request: EdgeRequest, user: UserRecord): true | Promise<true> {
    request.user = user;
    const key = keyOf(request);
    if (key === undefined) return true;
    const caller = { user: user.id, requestId: request.id };
    const { commandId } = request;
    assert(commandId !== null, 'every request has an id of its own');
    return this.keyed.begin(request, { caller, key, commandId }).then((begun) => {
      request.keyed = begun;
      return true;
    });
  }
}

/** @throws DomainError authentication_failed  somebody must be known here */
function mayBeNobody(request: EdgeRequest): true {
  const key = routeKey(request);
  if (publicRoutes.has(key) || optionalRoutes.has(key)) return true;
  throw new DomainError('authentication_failed');
}

/** What only reads is no command. */
function mayChange({ raw: { method } }: EdgeRequest): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

function routeKey(request: EdgeRequest): string {
  return `${request.raw.method} ${request.routeOptions.url}`;
}

function routesOf(operationIds: ReadonlySet<string>): string[] {
  return ALL_OPERATIONS.filter(({ operationId }) => operationIds.has(operationId)).map(
    (operation) => `${operation.method} ${routeOf(operation)}`,
  );
}

const publicRoutes: ReadonlySet<string> = new Set([
  ...routesOf(PUBLIC_OPERATIONS),
  ...PUBLIC_PAGES,
]);
const optionalRoutes: ReadonlySet<string> = new Set(routesOf(OPTIONAL_CALLER_OPERATIONS));
