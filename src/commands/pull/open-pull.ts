import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import type { BranchId, PullId, RepositoryId } from '../../domain/model.js';
import { pullDecider } from '../../domain/pull/pull.decider.js';
import type { PullRecord } from '../../domain/pull/pull.events.js';
import { pullIdOf, pullStream } from '../../domain/pull/pull.stream.js';
import { Clock } from '../../ports/clock.js';
import { BranchesView } from '../../projections/branches.view.js';
import { AggregateStreams } from '../aggregate-stream.js';
import { Places } from '../places.js';
import type { Request } from '../request.js';

/**
 * Asks for a branch to be merged into another, both of which are there.
 *
 * @throws DomainError  repository_not_found, branch_not_found, same_branch, invalid
 */
export class OpenPull extends Command<PullId> {
  constructor(
    readonly repository: RepositoryId,
    readonly wish: {
      readonly title: string;
      readonly description: string;
      readonly source: BranchId;
      readonly destination: BranchId;
    },
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(OpenPull)
export class OpenPullHandler implements ICommandHandler<OpenPull> {
  constructor(
    private readonly clock: Clock,
    private readonly places: Places,
    private readonly branches: BranchesView,
    private readonly streams: AggregateStreams,
  ) {}

  async execute({ repository, wish, request }: OpenPull): Promise<PullId> {
    const { source, destination } = wish;
    if (source === destination) throw new DomainError('same_branch');
    const { uid } = await this.places.fresh(repository);
    const nowMs = this.clock.nowMs();
    const id = pullIdOf(request.commandId, request.once?.begunAtMs ?? nowMs);
    const stream = pullStream(uid, id);
    const pull: PullRecord = {
      id,
      ...wish,
      author: request.caller.user,
      createdAtMs: nowMs,
      status: 'open',
      closedAtMs: null,
      mergedCommitId: null,
      merging: null,
    };
    const command = { type: 'OpenPull', pull } as const;
    const step = { stream, decider: pullDecider, command, isLikelyNew: true };
    await this.streams.once(stream, request, async () => {
      const of = [source, destination];
      const ends = await Promise.all(of.map((branch) => this.branches.get(uid, branch)));
      if (ends.includes(undefined)) throw new DomainError('branch_not_found');
      return this.streams.transact(step, request);
    });
    return id;
  }
}
