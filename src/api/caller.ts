import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { UserRecord } from '../auth/authenticator.js';
import type { Request } from '../commands/request.js';
import type { CommandId } from '../domain/model.js';
import { assert } from '../shared/assert.js';

/** A request at this edge: what hooks and the guard have learnt of it. */
export interface EdgeRequest extends FastifyRequest {
  /** The `Content-Type` as it came, "" for none; Fastify is told another one. */
  contentType: string;
  /** Set by the guard; null where nobody needs to be known. */
  user: UserRecord | null;
  commandId: CommandId | null;
}

/** The request as a value: who asks, in which request, by which command. */
export const Asked = createParamDecorator((_: unknown, context: ExecutionContext): Request => {
  const { user, id, commandId } = edgeRequest(context);
  assert(commandId !== null, 'the guard has run');
  return { caller: { user: user?.id ?? NOBODY, requestId: id }, commandId };
});

/** Who asks; null where nobody needs to be known. */
export const CurrentUser = createParamDecorator(
  (_: unknown, context: ExecutionContext): UserRecord | null => edgeRequest(context).user,
);

export function edgeRequest(context: ExecutionContext): EdgeRequest {
  return context.switchToHttp().getRequest<EdgeRequest>();
}

/** Stands in the log for the one who sets the installation up. */
const NOBODY = '' as Request['caller']['user'];
