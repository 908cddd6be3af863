import { Command } from '@nestjs/cqrs';
import type { BranchId, CommitRecord, Metadata, RepositoryId } from '../../domain/model.js';
import type { Request } from '../request.js';

/** Makes one commit of everything staged on a branch before it was asked for. */
export class CommitBranch extends Command<CommitRecord> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly wish: {
      readonly message: string;
      readonly metadata: Metadata;
      /** Left out: the time of the request. */
      readonly dateMs: number | undefined;
      readonly allowsEmpty: boolean;
      readonly isForced: boolean;
    },
    readonly request: Request,
  ) {
    super();
  }
}
