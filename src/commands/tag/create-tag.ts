import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import type { BranchId, CommitId, RepositoryId, TagId } from '../../domain/model.js';
import type { RepositoryRecord } from '../../domain/repository/repository.events.js';
import { tagDecider } from '../../domain/tag/tag.decider.js';
import type { TagEvent } from '../../domain/tag/tag.events.js';
import { tagStream } from '../../domain/tag/tag.stream.js';
import { KvStore } from '../../ports/kv-store.js';
import { BranchesView } from '../../projections/branches.view.js';
import { type BranchBeside, ReadsAt } from '../../queries/read-at.js';
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
    private readonly reads: ReadsAt,
  ) {}

  async execute({ repository, wish, request }: CreateTag): Promise<CommitId> {
    const { tag, ref, isForced } = wish;
    // Most tags are put on a branch, and all that is asked for then is in one state.
    const at = await this.reads.branchBeside(repository, ref, ({ uid }) => [
      BranchesView.read(uid, tag as string as BranchId),
    ]);
    const record = writable(at?.repository ?? (await this.places.fresh(repository)), isForced);
    const stream = tagStream(record.uid, tag);
    const [created] = await this.streams.once<TagEvent>(stream, request, async () => {
      const commitId = await this.#commitFor(record, wish, at);
      const command = { type: 'CreateTag', commitId } as const;
      const transaction = { stream, decider: tagDecider, command, isLikelyNew: true };
      return this.streams.transact(transaction, request);
    });
    assert(created, 'a tag is created, or its creation refused');
    return created.commitId;
  }

  /** @throws DomainError  name_taken, and whatever the ref is not */
  async #commitFor(
    record: RepositoryRecord,
    { tag, ref }: CreateTag['wish'],
    at: BranchBeside | undefined,
  ): Promise<CommitId> {
    const [commitId, isBranch] = at
      ? [at.record.head.commitId, at.rows[0]?.[0] !== undefined]
      : await Promise.all([
          this.refs.commit(this.kv, record, ref).then(({ id }) => id),
          this.branches.get(record.uid, tag as string as BranchId).then(Boolean),
        ]);
    if (isBranch) throw new DomainError('name_taken', { by: 'branch name', name: tag });
    if (await this.refs.isCommit(record, tag)) {
      throw new DomainError('name_taken', { by: 'commit ID', name: tag });
    }
    return commitId;
  }
}
