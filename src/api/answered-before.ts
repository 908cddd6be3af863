import type { FastifyReply } from 'fastify';
import type { Answer } from '../commands/repeats/answer.js';

/** Stands on an answer that was given before. */
export const REPLAYED = 'idempotency-replayed';

/** A request that came again: its first answer is its answer. */
export class AnsweredBefore extends Error {
  override readonly name = 'AnsweredBefore';

  constructor(readonly answer: Answer) {
    super('this request was answered before');
  }
}

/** Says again what was said before. */
export function answerAgain(reply: FastifyReply, { status, body }: Answer): void {
  if (reply.sent) return;
  void reply.status(status).header(REPLAYED, 'true');
  if (body === '') void reply.send();
  else void reply.header('content-type', 'application/json').serializer(String).send(body);
}
