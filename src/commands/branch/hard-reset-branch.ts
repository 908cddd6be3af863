import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import type { BranchId, RepositoryId } from '../../domain/model.js';
import { askedAnew, type Request } from '../request.js';
import { BranchOperations, succeeded } from './branch-operations.js';

/** Other operations that may move the head between a look at it and the reset counted from it. */
const TRIES_MAX = 50;

/**
 * Puts a clean branch's head at the commit that a ref names.
 *
 * A ref that is counted from the branch itself, as `main~1` on main, is counted from the head that
 * stands when it is this operation's turn: a commit that comes between is not lost unseen.
 */
export class HardResetBranch extends Command<void> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly wish: { readonly ref: string; readonly isForced: boolean },
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(HardResetBranch)
export class HardResetBranchHandler implements ICommandHandler<HardResetBranch> {
  constructor(private readonly operations: BranchOperations) {}

  execute({ repository: name, branch, wish, request }: HardResetBranch): Promise<void> {
    const { ref, isForced } = wish;
    const step = `hard-reset ${branch} to`;
    return this.operations.at({ name, branch, isForced }, async (place) => {
      for (let tries = 0; tries < TRIES_MAX; tries++) {
        const anew = askedAnew(request, tries);
        const outcome = await this.operations.performNamed(place, anew, async () => {
          const { commit, head } = await this.operations.namedFrom(place, ref, step);
          return { wish: { kind: 'hard-reset', to: commit.id, from: head } };
        });
        const isStale = outcome.type === 'IntentFailed' && outcome.reason === 'head_moved';
        if (!isStale) return void succeeded(outcome, step);
      }
      throw new DomainError('branch_busy', { waitingCount: TRIES_MAX });
    });
  }
}
