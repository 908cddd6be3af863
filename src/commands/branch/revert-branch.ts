import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import type { BranchId, CommitRecord, Metadata, RepositoryId } from '../../domain/model.js';
import type { Request } from '../request.js';
import { BranchOperations, commitMade } from './branch-operations.js';

/** What a client may say of a commit in place of what the operation would. */
export interface CommitOverrides {
  /** "": what the operation would say. */
  readonly message: string;
  /** Undefined: likewise. */
  readonly metadata: Metadata | undefined;
}

/** Takes back what a commit changed, as a new commit on a branch without staged changes. */
export class RevertBranch extends Command<CommitRecord> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly wish: {
      readonly ref: string;
      /** From 1: against which parent, of a merge; 0: the only one. */
      readonly parentNumber: number;
      readonly overrides: CommitOverrides;
      readonly allowsEmpty: boolean;
      readonly isForced: boolean;
    },
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(RevertBranch)
export class RevertBranchHandler implements ICommandHandler<RevertBranch> {
  constructor(private readonly operations: BranchOperations) {}

  execute({ repository: name, branch, wish, request }: RevertBranch): Promise<CommitRecord> {
    const { ref, parentNumber, overrides, allowsEmpty, isForced } = wish;
    return this.operations.at({ name, branch, isForced }, async (place) => {
      const outcome = await this.operations.performNamed(place, request, async () => {
        const { id, parents } = await this.operations.named(place, ref, 'get commit from ref');
        if (parents.length > 1 && parentNumber === 0) {
          throw new DomainError('revert_parent_missing');
        }
        if (parentNumber > parents.length) {
          throw new DomainError('parent_out_of_range', { parent: parentNumber });
        }
        await this.operations.parentNamed(place, parents[Math.max(parentNumber, 1) - 1]);
        const message = overrides.message === '' ? `Revert ${ref}` : overrides.message;
        return {
          wish: { kind: 'revert', commit: id, parentNumber, allowsEmpty },
          words: { message, metadata: overrides.metadata ?? [] },
        };
      });
      return commitMade(outcome, 'update branch');
    });
  }
}
