import { Query } from '@nestjs/cqrs';
import type { RepositoryId, TagId } from '../domain/model.js';
import type { Page, PageRequest } from '../shared/page.js';
import type { NamedCommit } from './get-branch.js';

export class ListTags extends Query<Page<NamedCommit<TagId>>> {
  constructor(
    readonly repository: RepositoryId,
    readonly page: PageRequest,
    readonly filter: { readonly prefix: string },
  ) {
    super();
  }
}
