import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { RepositoryId } from '../domain/model.js';
import type { RepositoryRecord } from '../domain/repository/repository.events.js';
import { RepositoriesView } from '../projections/repositories.view.js';

/** @throws DomainError repository_not_found */
export class GetRepository extends Query<RepositoryRecord> {
  constructor(readonly repository: RepositoryId) {
    super();
  }
}

@QueryHandler(GetRepository)
export class GetRepositoryHandler implements IQueryHandler<GetRepository> {
  constructor(private readonly repositories: RepositoriesView) {}

  execute({ repository }: GetRepository): Promise<RepositoryRecord> {
    return this.repositories.get(repository);
  }
}
