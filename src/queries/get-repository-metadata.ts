import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { Metadata, RepositoryId } from '../domain/model.js';
import { RepositoriesView } from '../projections/repositories.view.js';

/** @throws DomainError repository_not_found */
export class GetRepositoryMetadata extends Query<Metadata> {
  constructor(readonly repository: RepositoryId) {
    super();
  }
}

@QueryHandler(GetRepositoryMetadata)
export class GetRepositoryMetadataHandler implements IQueryHandler<GetRepositoryMetadata> {
  constructor(private readonly repositories: RepositoriesView) {}

  async execute({ repository }: GetRepositoryMetadata): Promise<Metadata> {
    const { uid } = await this.repositories.get(repository);
    return this.repositories.metadata(uid);
  }
}
