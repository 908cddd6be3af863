import { Command } from '@nestjs/cqrs';
import type { RepositoryId, TagId } from '../../domain/model.js';
import type { Request } from '../request.js';

/** Takes a tag away; its commit stays. */
export class DeleteTag extends Command<void> {
  constructor(
    readonly repository: RepositoryId,
    readonly tag: TagId,
    readonly options: { readonly isForced: boolean },
    readonly request: Request,
  ) {
    super();
  }
}
