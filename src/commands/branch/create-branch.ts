import { Command } from '@nestjs/cqrs';
import type { BranchId, CommitId, RepositoryId } from '../../domain/model.js';
import type { Request } from '../request.js';

/** Makes a branch at the commit that a ref names. */
export class CreateBranch extends Command<CommitId> {
  constructor(
    readonly repository: RepositoryId,
    readonly wish: {
      readonly branch: BranchId;
      readonly sourceRef: string;
      readonly isHidden: boolean;
      readonly isForced: boolean;
    },
    readonly request: Request,
  ) {
    super();
  }
}
