import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { RepositoryRecord } from '../domain/repository/repository.events.js';
import { RepositoriesView } from '../projections/repositories.view.js';
import type { Page, PageRequest } from '../shared/page.js';

export class ListRepositories extends Query<Page<RepositoryRecord>> {
  constructor(
    readonly page: PageRequest,
    readonly filter: {
      readonly prefix: string;
      /** Stands anywhere in the name; "" for all. */
      readonly search: string;
    },
  ) {
    super();
  }
}

@QueryHandler(ListRepositories)
export class ListRepositoriesHandler implements IQueryHandler<ListRepositories> {
  constructor(private readonly repositories: RepositoriesView) {}

  execute({ page, filter }: ListRepositories): Promise<Page<RepositoryRecord>> {
    return this.repositories.list(page, filter);
  }
}
