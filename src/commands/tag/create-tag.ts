import { Command } from '@nestjs/cqrs';
import type { CommitId, RepositoryId, TagId } from '../../domain/model.js';
import type { Request } from '../request.js';

/** Names the commit that a ref names now. */
export class CreateTag extends Command<CommitId> {
  constructor(
    readonly repository: RepositoryId,
    readonly wish: { readonly tag: TagId; readonly ref: string; readonly isForced: boolean },
    readonly request: Request,
  ) {
    super();
  }
}
