import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { UserRecord } from '../auth/authenticator.js';
import { DomainError } from '../domain/errors.js';
import { clientOf, type EdgeRequest, edgeRequest } from './caller.js';
import { NotServedYet } from './http-errors.js';
import { KnownCallers } from './known-callers.js';
import {
  OPERATIONS,
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
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = edgeRequest(context);
    request.commandId = this.settings.newCommandId();
    const { authorization } = request.headers;
    if (authorization === undefined) return this.#byCookie(request);
    const known = this.callers.known(authorization);
    if (known !== undefined) return admit(request, known);
    if (publicRoutes.has(routeKey(request))) return true;
    const credential = { header: authorization, client: clientOf(request) };
    return this.callers.find(credential).then((user) => admit(request, user));
  }

  /** A browser sends its cookie along whatever it asks for: an old one is as good as none. */
  #byCookie(request: EdgeRequest): boolean | Promise<boolean> {
    const header = sessionOf(request.headers);
    if (header === undefined || publicRoutes.has(routeKey(request))) return mayBeNobody(request);
    refuseBorrowedSession({
      method: request.raw.method,
      headers: request.headers,
      host: request.host,
    });
    return this.callers.find({ header, client: clientOf(request) }).then(
      (user) => admit(request, user),
      (error: unknown) => {
        const isWrong = error instanceof DomainError && error.code === 'authentication_failed';
        if (isWrong) return mayBeNobody(request);
        throw error;
      },
    );
  }
}

function admit(request: EdgeRequest, user: UserRecord): true {
  request.user = user;
  // Whoever sends it relies on it: a repeat would be done twice.
  if (request.headers['idempotency-key'] !== undefined && request.raw.method !== 'GET') {
    throw new NotServedYet('Idempotency-Key');
  }
  return true;
}

/** @throws DomainError authentication_failed  somebody must be known here */
function mayBeNobody(request: EdgeRequest): true {
  const key = routeKey(request);
  if (publicRoutes.has(key) || optionalRoutes.has(key)) return true;
  throw new DomainError('authentication_failed');
}

function routeKey(request: EdgeRequest): string {
  return `${request.raw.method} ${request.routeOptions.url}`;
}

function routesOf(operationIds: ReadonlySet<string>): string[] {
  return OPERATIONS.filter(({ operationId }) => operationIds.has(operationId)).map(
    (operation) => `${operation.method} ${routeOf(operation)}`,
  );
}

const publicRoutes: ReadonlySet<string> = new Set([
  ...routesOf(PUBLIC_OPERATIONS),
  ...PUBLIC_PAGES,
]);
const optionalRoutes: ReadonlySet<string> = new Set(routesOf(OPTIONAL_CALLER_OPERATIONS));
