import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import type { BranchId, RepositoryId } from '../../domain/model.js';
import { Places, writable } from '../places.js';
import type { Request } from '../request.js';
import { BranchDeletion } from './branch-deletion.js';
import { Intents } from './intents.js';

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

@CommandHandler(DeleteBranch)
export class DeleteBranchHandler implements ICommandHandler<DeleteBranch> {
  constructor(
    private readonly places: Places,
    private readonly deletion: BranchDeletion,
    private readonly intents: Intents,
  ) {}

  async execute({ repository, branch, options, request }: DeleteBranch): Promise<void> {
    const record = writable(await this.places.fresh(repository), options.isForced);
    if (branch === record.defaultBranch) throw new DomainError('default_branch');
    const place = { repository: record, branch };
    const hookSet = await this.intents.hookSetFor(place, 'delete');
    const isGone = await this.deletion.delete(place, request, hookSet);
    if (!isGone) throw new DomainError('branch_not_found');
  }
}
