import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Metadata, RepositoryId } from '../../domain/model.js';
import { repositoryDecider } from '../../domain/repository/repository.decider.js';
import { repositoryStream } from '../../domain/repository/repository.stream.js';
import { AggregateStreams } from '../aggregate-stream.js';
import type { Request } from '../request.js';

/**
 * Sets some keys of a repository's metadata and takes others away; the rest stays.
 *
 * @throws DomainError repository_not_found
 */
export class SetRepositoryMetadata extends Command<void> {
  constructor(
    readonly repository: RepositoryId,
    readonly change: { readonly set: Metadata; readonly unset: readonly string[] },
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(SetRepositoryMetadata)
export class SetRepositoryMetadataHandler implements ICommandHandler<SetRepositoryMetadata> {
  constructor(private readonly streams: AggregateStreams) {}

  async execute({ repository, change, request }: SetRepositoryMetadata): Promise<void> {
    const stream = repositoryStream(repository);
    const command = { type: 'SetMetadata', ...change } as const;
    await this.streams.transact({ stream, decider: repositoryDecider, command }, request);
  }
}
