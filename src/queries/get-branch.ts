import { Query } from '@nestjs/cqrs';
import type { BranchId, CommitId, RepositoryId } from '../domain/model.js';

export interface NamedCommit<Name extends string> {
  readonly name: Name;
  readonly commitId: CommitId;
}

export class GetBranch extends Query<NamedCommit<BranchId>> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
  ) {
    super();
  }
}
