import { Query } from '@nestjs/cqrs';
import type { RepositoryId } from '../domain/model.js';
import type { RepositoryRecord } from '../domain/repository/repository.events.js';

export class GetRepository extends Query<RepositoryRecord> {
  constructor(readonly repository: RepositoryId) {
    super();
  }
}
