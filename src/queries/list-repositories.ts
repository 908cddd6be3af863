import { Query } from '@nestjs/cqrs';
import type { RepositoryRecord } from '../domain/repository/repository.events.js';
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
