import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { ResetScope } from '../../domain/branch/branch.wishes.js';
import type { BranchId, RepositoryId } from '../../domain/model.js';
import { failpoint } from '../../shared/failpoint.js';
import type { Request } from '../request.js';
import { BranchOperations, succeeded } from './branch-operations.js';

/**
 * Throws away what is staged on a branch, or a part of it; where nothing is, nothing happens.
 * Every write that was acknowledged before it was asked for goes; none that comes after.
 */
export class ResetBranch extends Command<void> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly wish: { readonly scope: ResetScope; readonly isForced: boolean },
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(ResetBranch)
export class ResetBranchHandler implements ICommandHandler<ResetBranch> {
  constructor(private readonly operations: BranchOperations) {}

  execute({ repository: name, branch, wish, request }: ResetBranch): Promise<void> {
    const { scope, isForced } = wish;
    return this.operations.at({ name, branch, isForced }, async (place) => {
      const reset = { kind: 'reset', scope } as const;
      succeeded(await this.operations.perform(place, reset, request), 'reset');
      await failpoint('reset.afterDiscard');
    });
  }
}
