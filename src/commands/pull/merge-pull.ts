import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import type { CommitId, PullId, RepositoryId } from '../../domain/model.js';
import { pullDecider } from '../../domain/pull/pull.decider.js';
import { pullStream } from '../../domain/pull/pull.stream.js';
import { Clock } from '../../ports/clock.js';
import { AggregateStreams } from '../aggregate-stream.js';
import { MergeIntoBranch, MergeIntoBranchHandler } from '../branch/merge-into-branch.js';
import { Places } from '../places.js';
import { partOf, type Request } from '../request.js';

/**
 * Merges the source of an open pull request into its destination.
 *
 * @throws DomainError  pull_not_found, pull_not_open, and whatever the merge is refused for
 */
export class MergePull extends Command<CommitId> {
  constructor(
    readonly repository: RepositoryId,
    readonly id: PullId,
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(MergePull)
export class MergePullHandler implements ICommandHandler<MergePull> {
  constructor(
    private readonly clock: Clock,
    private readonly places: Places,
    private readonly streams: AggregateStreams,
    private readonly merges: MergeIntoBranchHandler,
  ) {}

  async execute({ repository, id, request }: MergePull): Promise<CommitId> {
    const { uid } = await this.places.fresh(repository);
    const stream = pullStream(uid, id);
    const { state } = await this.streams.load(stream, pullDecider);
    if (state.status === 'absent') throw new DomainError('pull_not_found');
    const { source, destination, status } = state.pull;
    if (status !== 'open') throw new DomainError('pull_not_open');
    const wish = {
      sourceRef: source,
      message: '',
      metadata: [],
      strategy: 'default',
      isSquash: false,
      allowsEmpty: false,
      isForced: false,
    } as const;
    const merge = new MergeIntoBranch(repository, destination, wish, request);
    const commit = await this.merges.execute(merge);
    // The commit is there, whatever somebody has said of the pull request meanwhile.
    const command = {
      type: 'RecordMerge',
      commitId: commit.id,
      nowMs: this.clock.nowMs(),
    } as const;
    await this.streams.transact({ stream, decider: pullDecider, command }, partOf(request, 'pull'));
    return commit.id;
  }
}
