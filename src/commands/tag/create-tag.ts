import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import type { BranchId, CommitId, RepositoryId, TagId } from '../../domain/model.js';
import type { RepositoryRecord } from '../../domain/repository/repository.events.js';
import { tagDecider } from '../../domain/tag/tag.decider.js';
import type { TagEvent } from '../../domain/tag/tag.events.js';
import { tagStream } from '../../domain/tag/tag.stream.js';
import { KvStore } from '../../ports/kv-store.js';
import { BranchesView } from '../../projections/branches.view.js';
import { Refs } from '../../queries/resolve-ref.js';
import { assert } from '../../shared/assert.js';
import { AggregateStreams } from '../aggregate-stream.js';
import { Places, writable } from '../places.js';
import type { Request } from '../request.js';

/** Names the commit that a ref names now. */
export class CreateTag extends Command<CommitId> {
  constructor(
    readonly repository: RepositoryId,
    readonly wish: { readonly tag: TagId; readonly ref: string; readonly isForced: boolean },
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(CreateTag)
export class CreateTagHandler implements ICommandHandler<CreateTag> {
  constructor(
    private readonly kv: KvStore,
    private readonly places: Places,
    private readonly refs: Refs,
    private readonly branches: BranchesView,
    private readonly streams: AggregateStreams,
  ) {}

  async execute({ repository, wish, request }: CreateTag): Promise<CommitId> {
    const record = writable(await this.places.fresh(repository), wish.isForced);
    const stream = tagStream(record.uid, wish.tag);
    const [created] = await this.streams.once<TagEvent>(stream, request, () =>
      this.#create(record, wish, request),
    );
    assert(created, 'a tag is created, or its creation refused');
    return created.commitId;
  }

  async #create(
    record: RepositoryRecord,
    { tag, ref }: CreateTag['wish'],
    request: Request,
  ): Promise<readonly TagEvent[]> {
    const { uid } = record;
    const [commit, branch] = await Promise.all([
      this.refs.commit(this.kv, record, ref),
      this.branches.get(uid, tag as string as BranchId),
    ]);
    if (branch) throw new DomainError('name_taken', { by: 'branch name', name: tag });
    if (await this.refs.isCommit(record, tag)) {
      throw new DomainError('name_taken', { by: 'commit ID', name: tag });
    }
    const command = { type: 'CreateTag', commitId: commit.id } as const;
    const stream = tagStream(uid, tag);
    return this.streams.transact(
      { stream, decider: tagDecider, command, isLikelyNew: true },
      request,
    );
  }
}
