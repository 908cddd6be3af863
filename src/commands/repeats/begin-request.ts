import { createHmac } from 'node:crypto';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { CommandId, Caller } from '../../domain/model.js';
import { requestDecider } from '../../domain/request/request.decider.js';
import { commandIdAt, requestStream } from '../../domain/request/request.stream.js';
import { Clock } from '../../ports/clock.js';
import { Secrets } from '../../ports/secrets.js';
import { failpoint } from '../../shared/failpoint.js';
import { AggregateStreams } from '../aggregate-stream.js';
import type { Request } from '../request.js';
import { openAnswer, type Answer } from './answer.js';

/**
 * Finds out whether a request that must be done once is new.
 *
 * @throws DomainError  key_taken: the caller used the key for another request within a day
 */
export class BeginRequest extends Command<BegunRequest> {
  constructor(
    readonly caller: Caller,
    readonly keyed: {
      /** As the caller chose it. */
      readonly key: string;
      /** All of the request that makes it this one and no other. */
      readonly content: readonly string[];
      /** Of this attempt: what its own events' ids derive from. */
      readonly attemptId: CommandId;
    },
  ) {
    super();
  }
}

export interface BegunRequest {
  readonly request: Request & Required<Pick<Request, 'once'>>;
  /** What its caller was told before; undefined: it is to be done, perhaps again. */
  readonly answer: Answer | undefined;
}

@CommandHandler(BeginRequest)
export class BeginRequestHandler implements ICommandHandler<BeginRequest> {
  #hmacKey: Uint8Array | undefined;

  constructor(
    private readonly streams: AggregateStreams,
    private readonly secrets: Secrets,
    private readonly clock: Clock,
  ) {}

  async execute({ caller, keyed }: BeginRequest): Promise<BegunRequest> {
    const { key, content, attemptId } = keyed;
    const stream = requestStream(caller.user, key);
    const fingerprint = this.#fingerprint(content);
    const command = { type: 'BeginRequest', fingerprint, nowMs: this.clock.nowMs() } as const;
    const attempt = { caller, commandId: attemptId };
    const step = { stream, decider: requestDecider, command, isLikelyNew: true } as const;
    const { events, state } = await this.streams.settle(step, attempt);
    await failpoint('request.afterBegin');
    if (state.status !== 'begun') throw new Error('what was begun is begun');
    const { begunAt, begunAtMs, sealedAnswer } = state;
    const once = { stream, begunAt, begunAtMs, isRepeat: events.length === 0 };
    return {
      request: { caller, commandId: commandIdAt(stream, begunAt), once },
      answer:
        sealedAnswer === undefined ? undefined : openAnswer(this.secrets, stream, sealedAnswer),
    };
  }

  /** By a key of the installation: whoever reads the log cannot try out what a body held. */
  #fingerprint(content: readonly string[]): string {
    this.#hmacKey ??= this.secrets.derive('idempotency');
    return createHmac('sha256', this.#hmacKey).update(JSON.stringify(content)).digest('hex');
  }
}
