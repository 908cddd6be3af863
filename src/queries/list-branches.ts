import { Query } from '@nestjs/cqrs';
import type { BranchId, RepositoryId } from '../domain/model.js';
import type { Page, PageRequest } from '../shared/page.js';
import type { NamedCommit } from './get-branch.js';

export class ListBranches extends Query<Page<NamedCommit<BranchId>>> {
  constructor(
    readonly repository: RepositoryId,
    readonly page: PageRequest,
    readonly filter: { readonly prefix: string; readonly showsHidden: boolean },
  ) {
    super();
  }
}
