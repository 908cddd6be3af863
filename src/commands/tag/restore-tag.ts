import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import type { BranchId, CommitId, RepositoryId, TagId } from '../../domain/model.js';
import { tagDecider } from '../../domain/tag/tag.decider.js';
import type { TagEvent } from '../../domain/tag/tag.events.js';
import { tagStream } from '../../domain/tag/tag.stream.js';
import { BranchesView } from '../../projections/branches.view.js';
import { assert } from '../../shared/assert.js';
import { AggregateStreams } from '../aggregate-stream.js';
import { Places, writable } from '../places.js';
import type { Request } from '../request.js';

/** Brings a deleted tag back to the commit that it named last. */
export class RestoreTag extends Command<CommitId> {
  constructor(
    readonly repository: RepositoryId,
    readonly tag: TagId,
    readonly options: { readonly isForced: boolean },
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(RestoreTag)
export class RestoreTagHandler implements ICommandHandler<RestoreTag> {
  constructor(
    private readonly places: Places,
    private readonly branches: BranchesView,
    private readonly streams: AggregateStreams,
  ) {}

  async execute({ repository, tag, options, request }: RestoreTag): Promise<CommitId> {
    const { uid } = writable(await this.places.fresh(repository), options.isForced);
    const stream = tagStream(uid, tag);
    const [restored] = await this.streams.once<TagEvent>(stream, request, async () => {
      const branch = await this.branches.get(uid, tag as string as BranchId);
      if (branch) throw new DomainError('name_taken', { by: 'branch name', name: tag });
      const command = { type: 'RestoreTag' } as const;
      return this.streams.transact({ stream, decider: tagDecider, command }, request);
    });
    assert(restored, 'a tag is brought back, or that is refused');
    return restored.commitId;
  }
}
