import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { DomainError } from '../domain/errors.js';
import type { RepositoryId, TagId } from '../domain/model.js';
import { RepositoriesView } from '../projections/repositories.view.js';
import { TagsView } from '../projections/tags.view.js';
import type { NamedCommit } from './get-branch.js';

/** @throws DomainError  repository_not_found, tag_not_found */
export class GetTag extends Query<NamedCommit<TagId>> {
  constructor(
    readonly repository: RepositoryId,
    readonly tag: TagId,
  ) {
    super();
  }
}

@QueryHandler(GetTag)
export class GetTagHandler implements IQueryHandler<GetTag> {
  constructor(
    private readonly repositories: RepositoriesView,
    private readonly tags: TagsView,
  ) {}

  async execute({ repository, tag }: GetTag): Promise<NamedCommit<TagId>> {
    const { uid } = await this.repositories.get(repository);
    const found = await this.tags.get(uid, tag);
    if (!found) throw new DomainError('tag_not_found');
    return { name: tag, commitId: found.commitId };
  }
}
