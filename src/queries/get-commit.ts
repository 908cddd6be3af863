import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { DomainError } from '../domain/errors.js';
import type { CommitRecord, RepositoryId } from '../domain/model.js';
import { KvStore } from '../ports/kv-store.js';
import { RepositoriesView } from '../projections/repositories.view.js';
import { Refs } from './resolve-ref.js';

/**
 * Of any ref expression: id, short id, branch, tag, with `~ ^ @`.
 *
 * @throws DomainError  repository_not_found, commit_not_found, ref_invalid
 */
export class GetCommit extends Query<CommitRecord> {
  constructor(
    readonly repository: RepositoryId,
    readonly ref: string,
  ) {
    super();
  }
}

@QueryHandler(GetCommit)
export class GetCommitHandler implements IQueryHandler<GetCommit> {
  constructor(
    private readonly kv: KvStore,
    private readonly repositories: RepositoriesView,
    private readonly refs: Refs,
  ) {}

  async execute({ repository, ref }: GetCommit): Promise<CommitRecord> {
    const record = await this.repositories.get(repository);
    try {
      return await this.refs.commit(this.kv, record, ref);
    } catch (error) {
      const isUnknown = error instanceof DomainError && error.code === 'ref_not_found';
      throw isUnknown ? new DomainError('commit_not_found') : error;
    }
  }
}
