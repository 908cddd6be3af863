import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { DomainError } from '../domain/errors.js';
import type { PullId, RepositoryId } from '../domain/model.js';
import type { PullRecord } from '../domain/pull/pull.events.js';
import { PullsView } from '../projections/pulls.view.js';
import { RepositoriesView } from '../projections/repositories.view.js';

/** @throws DomainError  repository_not_found, pull_not_found */
export class GetPull extends Query<PullRecord> {
  constructor(
    readonly repository: RepositoryId,
    readonly id: PullId,
  ) {
    super();
  }
}

@QueryHandler(GetPull)
export class GetPullHandler implements IQueryHandler<GetPull> {
  constructor(
    private readonly repositories: RepositoriesView,
    private readonly pulls: PullsView,
  ) {}

  async execute({ repository, id }: GetPull): Promise<PullRecord> {
    const { uid } = await this.repositories.get(repository);
    const pull = await this.pulls.get(uid, id);
    if (!pull) throw new DomainError('pull_not_found');
    return pull;
  }
}
