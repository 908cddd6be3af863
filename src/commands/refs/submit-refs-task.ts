import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import { refsTaskIdOf } from '../../domain/job-id.js';
import type { RefsTaskId, RepositoryId } from '../../domain/model.js';
import { refsTaskDecider } from '../../domain/refs-task/refs-task.decider.js';
import type { RefsTaskEvent, RefsWork } from '../../domain/refs-task/refs-task.events.js';
import { refsTaskStream } from '../../domain/refs-task/refs-task.stream.js';
import type { RepositoryRecord } from '../../domain/repository/repository.events.js';
import { BranchesView } from '../../projections/branches.view.js';
import { failpoint } from '../../shared/failpoint.js';
import { AggregateStreams } from '../aggregate-stream.js';
import { Jobs } from '../jobs.js';
import { Places, writable } from '../places.js';
import type { Request } from '../request.js';

export interface SubmittedTask {
  readonly repository: RepositoryRecord;
  readonly id: RefsTaskId;
}

/**
 * Asks for a dump or a restore of a repository's refs. What comes of it says the task, by its id.
 *
 * @throws DomainError  repository_not_found; of a restore read_only_repository, and not_bare: the
 *   repository's default branch is there
 */
export class SubmitRefsTask extends Command<SubmittedTask> {
  constructor(
    readonly repository: RepositoryId,
    readonly work: RefsWork,
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(SubmitRefsTask)
export class SubmitRefsTaskHandler implements ICommandHandler<SubmitRefsTask> {
  constructor(
    private readonly places: Places,
    private readonly branches: BranchesView,
    private readonly streams: AggregateStreams,
    private readonly jobs: Jobs,
  ) {}

  async execute({ repository: name, work, request }: SubmitRefsTask): Promise<SubmittedTask> {
    const repository = await this.places.fresh(name);
    const { uid } = repository;
    const id = refsTaskIdOf(request.commandId, work.kind);
    const stream = refsTaskStream(uid, id);
    // Asked for before, it may be done by now, and the repository not bare any more.
    const [before] = await this.streams.recorded<RefsTaskEvent>(stream, request);
    if (before) return { repository, id };
    if (work.kind === 'restore') await this.#assertBare(writable(repository, work.isForced));
    const { node } = this.jobs;
    const command = { type: 'RequestTask', repository: name, work, node } as const;
    const asked = { stream, decider: refsTaskDecider, command, isLikelyNew: true };
    await this.streams.transact(asked, request);
    await failpoint('refs.afterRequest');
    this.jobs.begin('refs-tasks', { uid, id });
    return { repository, id };
  }

  async #assertBare({ uid, defaultBranch }: RepositoryRecord): Promise<void> {
    if (await this.branches.get(uid, defaultBranch)) throw new DomainError('not_bare');
  }
}
