import { Command } from '@nestjs/cqrs';
import type { Metadata, RepositoryId } from '../../domain/model.js';
import type { Request } from '../request.js';

/** Sets some keys of a repository's metadata and takes others away; the rest stays. */
export class SetRepositoryMetadata extends Command<void> {
  constructor(
    readonly repository: RepositoryId,
    readonly change: { readonly set: Metadata; readonly unset: readonly string[] },
    readonly request: Request,
  ) {
    super();
  }
}
