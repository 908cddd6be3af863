import { Command } from '@nestjs/cqrs';
import type { BranchId, RepositoryId } from '../../domain/model.js';
import type { Request } from '../request.js';

/** Deletes a branch with what is not committed on it. */
export class DeleteBranch extends Command<void> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly options: { readonly isForced: boolean },
    readonly request: Request,
  ) {
    super();
  }
}
