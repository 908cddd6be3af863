import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { MergeStrategy } from '../../domain/branch/branch.wishes.js';
import { withStrategy } from '../../domain/commit/merge-metadata.js';
import type { BranchId, CommitRecord, Metadata, RepositoryId } from '../../domain/model.js';
import { failpoint } from '../../shared/failpoint.js';
import type { Request } from '../request.js';
import { BranchOperations, commitMade } from './branch-operations.js';

/**
 * Brings what a ref has changed since it parted from a branch to that branch, as one commit.
 *
 * The ref is resolved once, before the merge is asked for: what it names by then is merged,
 * whatever it names later. A branch with staged changes refuses.
 */
export class MergeIntoBranch extends Command<CommitRecord> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly wish: {
      readonly sourceRef: string;
      /** "": says what was merged into what. */
      readonly message: string;
      readonly metadata: Metadata;
      readonly strategy: MergeStrategy;
      readonly isSquash: boolean;
      readonly allowsEmpty: boolean;
      /** A repository that is read-only takes it, and a source that brings nothing will do. */
      readonly isForced: boolean;
    },
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(MergeIntoBranch)
export class MergeIntoBranchHandler implements ICommandHandler<MergeIntoBranch> {
  constructor(private readonly operations: BranchOperations) {}

  execute({ repository: name, branch, wish, request }: MergeIntoBranch): Promise<CommitRecord> {
    const { sourceRef, strategy, isSquash, isForced } = wish;
    const step = `update branch ${branch}`;
    return this.operations.at({ name, branch, isForced }, async (place) => {
      const outcome = await this.operations.performNamed(place, request, async () => {
        const source = await this.operations.named(place, sourceRef, `${step}: get commit by ref`);
        await failpoint('merge.afterNamed');
        const allowsEmpty = wish.allowsEmpty || isForced;
        const message =
          wish.message === '' ? `Merge '${sourceRef}' into '${branch}'` : wish.message;
        return {
          wish: { kind: 'merge', source: source.id, strategy, isSquash, allowsEmpty },
          words: { message, metadata: withStrategy(wish.metadata, strategy) },
        };
      });
      return commitMade(outcome, step, 'merge_conflict');
    });
  }

  /** Returns the commit that this request has made by a merge before; undefined: none. */
  made(
    { name, branch }: { readonly name: RepositoryId; readonly branch: BranchId },
    request: Request,
  ): Promise<CommitRecord | undefined> {
    return this.operations.at({ name, branch, isForced: true }, async (place) => {
      const outcome = await this.operations.cameTo(place, request);
      return outcome?.type === 'Merged' ? outcome.commit : undefined;
    });
  }
}
