import { Command } from '@nestjs/cqrs';
import type { RepositoryId } from '../../domain/model.js';
import type { Request } from '../request.js';

/** Hides a repository at once, then takes its branches and tags away, in steps. */
export class DeleteRepository extends Command<void> {
  constructor(
    readonly repository: RepositoryId,
    readonly options: { readonly isForced: boolean },
    readonly request: Request,
  ) {
    super();
  }
}
