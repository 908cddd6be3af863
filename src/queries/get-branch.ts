import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { DomainError } from '../domain/errors.js';
import type { CommitId, RepositoryId } from '../domain/model.js';
import { ReadsAt } from './read-at.js';

export interface NamedCommit<Name extends string> {
  readonly name: Name;
  readonly commitId: CommitId;
}

/**
 * A branch, or one as of a moment: `main@{…}` has the head of then.
 *
 * @throws DomainError  repository_not_found, branch_not_found; what a moment is not
 */
export class GetBranch extends Query<NamedCommit<string>> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: string,
  ) {
    super();
  }
}

@QueryHandler(GetBranch)
export class GetBranchHandler implements IQueryHandler<GetBranch> {
  constructor(private readonly reads: ReadsAt) {}

  async execute({ repository, branch }: GetBranch): Promise<NamedCommit<string>> {
    const found = await this.reads.branchAt(repository, branch);
    if (!found) throw new DomainError('branch_not_found');
    return { name: branch, commitId: found.record.head.commitId };
  }
}
