import { Command } from '@nestjs/cqrs';
import type { BranchId, RepositoryId, StorageNamespace } from '../../domain/model.js';
import type { RepositoryRecord } from '../../domain/repository/repository.events.js';
import type { Request } from '../request.js';

/** Makes a repository with its first commit and default branch; a bare one has neither. */
export class CreateRepository extends Command<RepositoryRecord> {
  constructor(
    readonly wish: {
      readonly name: RepositoryId;
      readonly namespace: StorageNamespace;
      readonly defaultBranch: BranchId;
      readonly isReadOnly: boolean;
      readonly isBare: boolean;
    },
    readonly request: Request,
  ) {
    super();
  }
}
