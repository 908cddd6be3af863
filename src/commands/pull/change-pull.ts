import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { PullId, RepositoryId } from '../../domain/model.js';
import { pullDecider } from '../../domain/pull/pull.decider.js';
import type { PullStatus } from '../../domain/pull/pull.events.js';
import { pullStream } from '../../domain/pull/pull.stream.js';
import { Clock } from '../../ports/clock.js';
import { AggregateStreams } from '../aggregate-stream.js';
import { Places } from '../places.js';
import type { Request } from '../request.js';

/**
 * Changes what a pull request says of itself, its status too.
 *
 * @throws DomainError  repository_not_found, pull_not_found, invalid
 */
export class ChangePull extends Command<void> {
  constructor(
    readonly repository: RepositoryId,
    readonly id: PullId,
    /** Undefined, each of them: as it was. */
    readonly change: {
      readonly title: string | undefined;
      readonly description: string | undefined;
      readonly status: PullStatus | undefined;
    },
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(ChangePull)
export class ChangePullHandler implements ICommandHandler<ChangePull> {
  constructor(
    private readonly clock: Clock,
    private readonly places: Places,
    private readonly streams: AggregateStreams,
  ) {}

  async execute({ repository, id, change, request }: ChangePull): Promise<void> {
    const { uid } = await this.places.fresh(repository);
    const command = { type: 'ChangePull', ...change, nowMs: this.clock.nowMs() } as const;
    const step = { stream: pullStream(uid, id), decider: pullDecider, command };
    await this.streams.transact(step, request);
  }
}
