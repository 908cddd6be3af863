import { Readable } from 'node:stream';
import { Injectable, Logger } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BeginRequest, type BegunRequest } from '../commands/repeats/begin-request.js';
import { RecordAnswer } from '../commands/repeats/record-answer.js';
import { DomainError } from '../domain/errors.js';
import type { CommandId } from '../domain/model.js';
import { AnsweredBefore, REPLAYED } from './answered-before.js';
import type { EdgeRequest } from './caller.js';
import type { KeyedRequest } from './keyed.js';

/** Lets what its caller may send again be done once, and be answered the same each time. */
@Injectable()
export class KeyedRequests {
  constructor(private readonly commands: CommandBus) {}

  /**
   * @throws DomainError  invalid: no such key can be; key_taken: it stands for another request
   * @throws AnsweredBefore  nothing is left to be done
   */
  async begin(
    request: EdgeRequest,
    as: { caller: BegunRequest['request']['caller']; key: string; commandId: CommandId },
  ): Promise<KeyedRequest> {
    const { caller, key, commandId: attemptId } = as;
    if (!isKey.test(key)) {
      const reason = 'must be 1 to 255 visible ASCII characters';
      throw new DomainError('invalid', { field: 'Idempotency-Key', reason });
    }
    const content = contentOf(request);
    const begun = await this.commands.execute(
      new BeginRequest(caller, { key, content, attemptId }),
    );
    // Of an upload the body is still to be compared.
    if (begun.answer && !begun.answer.upload) throw new AnsweredBefore(begun.answer);
    return {
      ...begun,
      upload: undefined,
      record: (answer) => this.commands.execute(new RecordAnswer(begun.request, answer)),
    };
  }
}

/** Returns the key of a request that changes something; of one that reads it says nothing. */
export function keyOf({ headers, raw }: EdgeRequest): string | undefined {
  const key = headers['idempotency-key'];
  return raw.method === 'GET' || raw.method === 'HEAD' ? undefined : (key as string | undefined);
}

/**
 * Keeps an answer before it is sent, or sends the one that was kept first. What may go another way
 * next time is not kept: a fault of ours, "too many", a body that did not arrive.
 */
export function keepAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: Error | null, payload?: unknown) => void,
): void {
  const { keyed } = request as EdgeRequest;
  if (keyed === null || payload instanceof Readable || !isKept(request, reply)) {
    return done(null, payload);
  }
  const { statusCode: status } = reply;
  const answer = { status, body: textOf(payload), upload: keyed.upload };
  keyed.record(answer).then(
    (kept) => {
      void reply.status(kept.status);
      done(null, kept.body === '' ? undefined : kept.body);
    },
    (error: unknown) => {
      // It was done, and that is said; a repeat finds it done.
      logger.error(`an answer could not be kept: ${String(error)}`);
      done(null, payload);
    },
  );
}

function isKept(request: FastifyRequest, reply: FastifyReply): boolean {
  const { statusCode: status } = reply;
  if (reply.hasHeader(REPLAYED) || request.raw.socket.destroyed) return false;
  if (status === 400) return !(request.body instanceof Readable);
  return status < 500 && ![401, 408, 413, 429].includes(status);
}

/** Everything that makes a request this one; of a body that is streamed, what names it. */
function contentOf(request: EdgeRequest): string[] {
  const { method = '', url = '', rawHeaders } = request.raw;
  const isStreamed = request.body instanceof Readable;
  const body = isStreamed ? typeOf(request) : (JSON.stringify(request.body) ?? '');
  const headers: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? '';
    if (meant.test(name)) headers.push(`${name}: ${rawHeaders[at + 1]}`);
  }
  return [method, url, body, ...headers.sort()];
}

/** A form's boundary is another one each time. */
const typeOf = ({ contentType }: EdgeRequest): string =>
  /^\s*multipart\//i.test(contentType) ? 'multipart' : contentType;

function textOf(payload: unknown): string {
  if (payload === undefined || payload === null) return '';
  return typeof payload === 'string' ? payload : Buffer.from(payload as Uint8Array).toString();
}

const logger = new Logger('api');
const isKey = /^[\x21-\x7e]{1,255}$/;
/** Headers that say what is to be done. */
const meant = /^(?:x-lakefs-(?:meta|internal)-|if-match$|if-none-match$)/;
