import { Command } from '@nestjs/cqrs';
import type { BranchId, ObjectPath, RepositoryId } from '../../domain/model.js';
import type { Request } from '../request.js';

/** Deletes objects from a branch. A path that is not there is no error and writes nothing. */
export class UnstageObjects extends Command<void> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    /** 1 … {@link UNSTAGE_PATHS_MAX} */
    readonly paths: readonly ObjectPath[],
    readonly options: { readonly isForced: boolean },
    readonly request: Request,
  ) {
    super();
  }
}

export const UNSTAGE_PATHS_MAX = 1000;
