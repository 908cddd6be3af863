import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { DomainError } from '../domain/errors.js';
import type { CommitId, RepositoryId } from '../domain/model.js';
import { KvStore } from '../ports/kv-store.js';
import { CommitsView } from '../projections/commits.view.js';
import { RepositoriesView } from '../projections/repositories.view.js';
import { mergeBase } from './merge-base.js';
import { namedRefusal, Refs } from './resolve-ref.js';

export interface MergeBase {
  readonly source: CommitId;
  readonly destination: CommitId;
  readonly base: CommitId;
}

/** The best common ancestor of what two refs name now. */
export class FindMergeBase extends Query<MergeBase> {
  constructor(
    readonly repository: RepositoryId,
    readonly sourceRef: string,
    readonly destinationRef: string,
  ) {
    super();
  }
}

@QueryHandler(FindMergeBase)
export class FindMergeBaseHandler implements IQueryHandler<FindMergeBase> {
  constructor(
    private readonly kv: KvStore,
    private readonly repositories: RepositoriesView,
    private readonly refs: Refs,
    private readonly commits: CommitsView,
  ) {}

  /** @throws DomainError  commit_ref_not_found, commit_ref_invalid, no_merge_base */
  async execute({ repository, sourceRef, destinationRef }: FindMergeBase): Promise<MergeBase> {
    const record = await this.repositories.get(repository);
    const named = async (ref: string, step: string): Promise<CommitId> => {
      try {
        return (await this.refs.commit(this.kv, record, ref)).id;
      } catch (error) {
        throw namedRefusal(error, { ref, step });
      }
    };
    const destination = await named(destinationRef, 'get commit by ref');
    const source = await named(sourceRef, 'get commit by branch');
    const base = await mergeBase(this.commits, record.uid, [source, destination]);
    if (!base) throw new DomainError('no_merge_base');
    return { source, destination, base: base.id };
  }
}
