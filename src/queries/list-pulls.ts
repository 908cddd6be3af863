import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { RepositoryId } from '../domain/model.js';
import type { PullRecord } from '../domain/pull/pull.events.js';
import { PullsView } from '../projections/pulls.view.js';
import { RepositoriesView } from '../projections/repositories.view.js';
import type { Page, PageRequest } from '../shared/page.js';

/** The merged ones are closed, too. @throws DomainError repository_not_found */
export class ListPulls extends Query<Page<PullRecord>> {
  constructor(
    readonly repository: RepositoryId,
    readonly page: PageRequest,
    readonly filter: { readonly prefix: string; readonly status: 'all' | 'closed' | 'open' },
  ) {
    super();
  }
}

@QueryHandler(ListPulls)
export class ListPullsHandler implements IQueryHandler<ListPulls> {
  constructor(
    private readonly repositories: RepositoriesView,
    private readonly pulls: PullsView,
  ) {}

  async execute({ repository, page, filter }: ListPulls): Promise<Page<PullRecord>> {
    const { uid } = await this.repositories.get(repository);
    const { prefix, status } = filter;
    const isWanted = (pull: PullRecord) =>
      status === 'all' || (pull.status === 'open') === (status === 'open');
    return this.pulls.list(uid, page, { prefix, isWanted });
  }
}
