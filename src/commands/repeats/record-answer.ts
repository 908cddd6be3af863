import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import { eventIdOf } from '../../domain/event-id.js';
import { placeOfEvent } from '../../domain/event-place.js';
import { requestDecider } from '../../domain/request/request.decider.js';
import type { RequestTookEffect } from '../../domain/request/request.events.js';
import { Clock } from '../../ports/clock.js';
import { EventLog, EVENT_BYTES_MAX } from '../../ports/event-log.js';
import { KvStore } from '../../ports/kv-store.js';
import { Secrets } from '../../ports/secrets.js';
import { RepositoriesView } from '../../projections/repositories.view.js';
import { failpoint } from '../../shared/failpoint.js';
import { AggregateStreams } from '../aggregate-stream.js';
import { contextOf } from '../new-events.js';
import { partOf, type Request } from '../request.js';
import { openAnswer, sealAnswer, type Answer } from './answer.js';
import { takeBackFailed } from './failed-intent.js';
import { unnameToken } from './named-token.js';

/**
 * Keeps what a caller is about to be told, and returns what was kept first: of a request that came
 * twice at once both callers are told the same.
 */
export class RecordAnswer extends Command<Answer> {
  constructor(
    readonly request: Request & Required<Pick<Request, 'once'>>,
    readonly answer: Answer,
  ) {
    super();
  }
}

const refusal = (status: number, code: 'store_busy' | 'repository_not_found'): Answer => ({
  status,
  body: JSON.stringify({ message: new DomainError(code).message }),
  upload: undefined,
});
const TRY_AGAIN = refusal(503, 'store_busy');
const GONE = refusal(404, 'repository_not_found');
/** A sealed text is longer than the text by a third, and an event holds more than it. */
const ANSWER_CHARACTERS_MAX = Math.floor(EVENT_BYTES_MAX / 4);

@CommandHandler(RecordAnswer)
export class RecordAnswerHandler implements ICommandHandler<RecordAnswer> {
  constructor(
    private readonly streams: AggregateStreams,
    private readonly secrets: Secrets,
    private readonly log: EventLog,
    private readonly kv: KvStore,
    private readonly clock: Clock,
  ) {}

  async execute({ request, answer }: RecordAnswer): Promise<Answer> {
    // Too long to be kept: a repeat is done again, which has no second effect.
    if (answer.body.length > ANSWER_CHARACTERS_MAX) return answer;
    const { stream, begunAt } = request.once;
    const sealedAnswer = sealAnswer(this.secrets, stream, answer);
    const isRefusal = answer.status >= 400;
    const command = { type: 'AnswerRequest', begunAt, sealedAnswer, isRefusal } as const;
    const step = { stream, decider: requestDecider, command };
    // Each attempt's own: two answers of one request are no repeats of each other.
    const attempt = partOf(request, `answer/${request.caller.requestId}`);
    await failpoint('request.beforeAnswer');
    if (isRefusal && this.log.groups === 'stepwise') {
      await unnameToken(this.log, request, contextOf(request, this.clock));
    }
    let { state } = await this.streams.settle(step, attempt);
    if (isRefusal && state.status === 'begun' && state.effect) {
      const context = contextOf(request, this.clock);
      const isOver = await takeBackFailed(this.log, request, context);
      if (isOver) ({ state } = await this.streams.settle(step, attempt));
    }
    await failpoint('request.afterAnswer');
    if (state.status !== 'begun' || state.begunAt !== begunAt) return answer;
    if (state.sealedAnswer !== undefined) {
      return openAnswer(this.secrets, stream, state.sealedAnswer);
    }
    // Its other attempt was done: a repeat will say what came of it, where that still stands.
    return state.effect && (await this.#isGone(state.effect, request)) ? GONE : TRY_AGAIN;
  }

  /** Whether what was done was in a repository that is there no more. */
  async #isGone(
    { stream }: Pick<RequestTookEffect, 'stream'>,
    { commandId }: Request,
  ): Promise<boolean> {
    // The stream of a name is that of one repository after the other: the event says of which.
    const event = await this.log.find(stream, eventIdOf(commandId, 0));
    const { uid } = placeOfEvent({ stream, data: event?.data ?? {} });
    return uid !== undefined && !(await new RepositoriesView(this.kv).byUid()).has(uid);
  }
}
