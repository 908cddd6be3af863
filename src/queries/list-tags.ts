import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { RepositoryId, TagId } from '../domain/model.js';
import { RepositoriesView } from '../projections/repositories.view.js';
import { TagsView } from '../projections/tags.view.js';
import type { Page, PageRequest } from '../shared/page.js';
import type { NamedCommit } from './get-branch.js';

/** @throws DomainError repository_not_found */
export class ListTags extends Query<Page<NamedCommit<TagId>>> {
  constructor(
    readonly repository: RepositoryId,
    readonly page: PageRequest,
    readonly filter: { readonly prefix: string },
  ) {
    super();
  }
}

@QueryHandler(ListTags)
export class ListTagsHandler implements IQueryHandler<ListTags> {
  constructor(
    private readonly repositories: RepositoriesView,
    private readonly tags: TagsView,
  ) {}

  async execute({ repository, page, filter }: ListTags): Promise<Page<NamedCommit<TagId>>> {
    const { uid } = await this.repositories.get(repository);
    return this.tags.list(uid, page, filter);
  }
}
