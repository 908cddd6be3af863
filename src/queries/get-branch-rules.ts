import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { RepositoryId } from '../domain/model.js';
import type { BranchRules } from '../domain/repository/branch-rules.js';
import { RepositoriesView } from '../projections/repositories.view.js';

/** @throws DomainError repository_not_found */
export class GetBranchRules extends Query<BranchRules> {
  constructor(readonly repository: RepositoryId) {
    super();
  }
}

@QueryHandler(GetBranchRules)
export class GetBranchRulesHandler implements IQueryHandler<GetBranchRules> {
  constructor(private readonly repositories: RepositoriesView) {}

  async execute({ repository }: GetBranchRules): Promise<BranchRules> {
    const { uid } = await this.repositories.get(repository);
    return this.repositories.branchRules(uid);
  }
}
