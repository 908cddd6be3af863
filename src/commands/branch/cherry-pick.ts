import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { withOrigin } from '../../domain/commit/merge-metadata.js';
import { DomainError } from '../../domain/errors.js';
import type { BranchId, CommitRecord, RepositoryId } from '../../domain/model.js';
import type { Request } from '../request.js';
import { BranchOperations, commitMade } from './branch-operations.js';
import type { CommitOverrides } from './revert-branch.js';

/** Brings what one commit changed to a branch without staged changes, as a new commit. */
export class CherryPick extends Command<CommitRecord> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly wish: {
      readonly ref: string;
      /** From 1: against which parent; undefined: the only one. */
      readonly parentNumber: number | undefined;
      readonly overrides: CommitOverrides;
      readonly isForced: boolean;
    },
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(CherryPick)
export class CherryPickHandler implements ICommandHandler<CherryPick> {
  constructor(private readonly operations: BranchOperations) {}

  execute({ repository: name, branch, wish, request }: CherryPick): Promise<CommitRecord> {
    const { ref, overrides, isForced } = wish;
    return this.operations.at({ name, branch, isForced }, async (place) => {
      const outcome = await this.operations.performNamed(place, request, async () => {
        const picked = await this.operations.named(place, ref, 'get commit from ref');
        if (picked.parents.length > 1 && wish.parentNumber === undefined) {
          throw new DomainError('cherry_pick_parent_missing');
        }
        const parentNumber = wish.parentNumber ?? 1;
        if (parentNumber > picked.parents.length) {
          throw new DomainError('parent_out_of_range', { parent: parentNumber });
        }
        await this.operations.parentNamed(place, picked.parents[parentNumber - 1]);
        const message = overrides.message === '' ? picked.message : overrides.message;
        const metadata = withOrigin(overrides.metadata ?? picked.metadata, picked);
        return {
          wish: { kind: 'cherry-pick', commit: picked.id, parentNumber },
          words: { message, metadata },
        };
      });
      return commitMade(outcome, 'update branch');
    });
  }
}
