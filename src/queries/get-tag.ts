import { Query } from '@nestjs/cqrs';
import type { RepositoryId, TagId } from '../domain/model.js';
import type { NamedCommit } from './get-branch.js';

export class GetTag extends Query<NamedCommit<TagId>> {
  constructor(
    readonly repository: RepositoryId,
    readonly tag: TagId,
  ) {
    super();
  }
}
