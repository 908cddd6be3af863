import { Query } from '@nestjs/cqrs';
import type { CommitRecord, RepositoryId } from '../domain/model.js';

/** Of any ref expression: id, short id, branch, tag, with `~ ^ @`. */
export class GetCommit extends Query<CommitRecord> {
  constructor(
    readonly repository: RepositoryId,
    readonly ref: string,
  ) {
    super();
  }
}
