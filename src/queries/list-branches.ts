import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { BranchId, RepositoryId } from '../domain/model.js';
import { BranchesView } from '../projections/branches.view.js';
import { RepositoriesView } from '../projections/repositories.view.js';
import type { Page, PageRequest } from '../shared/page.js';
import type { NamedCommit } from './get-branch.js';

/** @throws DomainError repository_not_found */
export class ListBranches extends Query<Page<NamedCommit<BranchId>>> {
  constructor(
    readonly repository: RepositoryId,
    readonly page: PageRequest,
    readonly filter: { readonly prefix: string; readonly showsHidden: boolean },
  ) {
    super();
  }
}

@QueryHandler(ListBranches)
export class ListBranchesHandler implements IQueryHandler<ListBranches> {
  constructor(
    private readonly repositories: RepositoriesView,
    private readonly branches: BranchesView,
  ) {}

  async execute({ repository, page, filter }: ListBranches) {
    const { uid } = await this.repositories.get(repository);
    const { items, ...rest } = await this.branches.list(uid, page, filter);
    return {
      ...rest,
      items: items.map(({ name, record }) => ({ name, commitId: record.head.commitId })),
    };
  }
}
