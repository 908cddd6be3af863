import { Query } from '@nestjs/cqrs';
import type { Metadata, RepositoryId } from '../domain/model.js';

export class GetRepositoryMetadata extends Query<Metadata> {
  constructor(readonly repository: RepositoryId) {
    super();
  }
}
