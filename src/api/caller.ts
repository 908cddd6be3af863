import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { UserRecord } from '../auth/authenticator.js';
import type { Request } from '../commands/request.js';
import type { CommandId } from '../domain/model.js';
import { assert } from '../shared/assert.js';
import type { KeyedRequest } from './keyed.js';
import type { Query } from './query.js';

/** A request at this edge: what hooks and the guard have learnt of it. */
export interface EdgeRequest extends FastifyRequest {
  /** The `Content-Type` as it came, "" for none; Fastify is told another one. */
  contentType: string;
  /** Set by the guard; null where nobody needs to be known. */
  user: UserRecord | null;
  commandId: CommandId | null;
  /** Its query, once somebody has asked for that. */
  parsedQuery: Query | null;
  /** Set by the guard of a request with an `Idempotency-Key`. */
  keyed: KeyedRequest | null;
}

/** The request as a value: who asks, in which request, by which command. */
export const Asked = createParamDecorator((_: unknown, context: ExecutionContext): Request => {
  const { user, id, commandId, keyed } = edgeRequest(context);
  if (keyed) return keyed.request;
  assert(commandId !== null, 'the guard has run');
  return { caller: { user: user?.id ?? NOBODY, requestId: id }, commandId };
});

/** Who asks; null where nobody needs to be known. */
export const CurrentUser = createParamDecorator(
  (_: unknown, context: ExecutionContext): UserRecord | null => edgeRequest(context).user,
);

/**
 * Returns the network address of a client. Behind a proxy of ours, which has a private address, it
 * is the one that the proxy saw: the last that was added. What a client itself may have written
 * there stands before it and is not believed.
 */
export function clientOf({ raw, headers }: EdgeRequest): string {
  const peer = raw.socket.remoteAddress ?? '';
  const forwarded = headers['x-forwarded-for'];
  if (forwarded === undefined || !privateAddress.test(peer)) return peer;
  return String(forwarded).split(',').at(-1)?.trim().slice(0, ADDRESS_CHARACTERS_MAX) ?? peer;
}

/** Not by `switchToHttp`, which gives the context three functions first, for each who asks. */
export function edgeRequest(context: ExecutionContext): EdgeRequest {
  return context.getArgByIndex<EdgeRequest>(0);
}

const ADDRESS_CHARACTERS_MAX = 64;
const privateAddress =
  /^(?:::1$|f[cd]|fe80:|(?:::ffff:)?(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.))/i;

/** Stands in the log for the one who sets the installation up. */
const NOBODY = '' as Request['caller']['user'];
