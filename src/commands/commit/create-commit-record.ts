import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { commitDecider } from '../../domain/commit/commit.decider.js';
import { commitStream } from '../../domain/commit/commit.stream.js';
import type { CommitRecord, RepositoryId } from '../../domain/model.js';
import { CommitsView } from '../../projections/commits.view.js';
import { AggregateStreams } from '../aggregate-stream.js';
import { Places, writable } from '../places.js';
import type { Request } from '../request.js';

/** Brings a commit in as data, as a restore does; neither parents nor tree need be there. */
export class CreateCommitRecord extends Command<void> {
  constructor(
    readonly repository: RepositoryId,
    readonly commit: CommitRecord,
    readonly options: { readonly isForced: boolean },
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(CreateCommitRecord)
export class CreateCommitRecordHandler implements ICommandHandler<CreateCommitRecord> {
  constructor(
    private readonly places: Places,
    private readonly commits: CommitsView,
    private readonly streams: AggregateStreams,
  ) {}

  async execute({ repository, commit, options, request }: CreateCommitRecord): Promise<void> {
    const { uid } = writable(await this.places.fresh(repository), options.isForced);
    const command = { type: 'RecordCommit', commit } as const;
    const stream = commitStream(uid, commit.id);
    const step = { stream, decider: commitDecider, command, isLikelyNew: true };
    await this.streams.once(stream, request, async () => {
      // Commits never go, so what was seen may refuse; one made here has no stream to say so.
      if (await this.commits.get(uid, commit.id)) {
        commitDecider.decide(command, { status: 'there' });
      }
      return this.streams.transact(step, request);
    });
  }
}
