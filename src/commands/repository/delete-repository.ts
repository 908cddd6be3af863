import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import type { RepositoryId } from '../../domain/model.js';
import { repositoryDecider } from '../../domain/repository/repository.decider.js';
import type { RepositoryEvent } from '../../domain/repository/repository.events.js';
import { repositoryStream } from '../../domain/repository/repository.stream.js';
import { failpoint } from '../../shared/failpoint.js';
import { AggregateStreams } from '../aggregate-stream.js';
import { Places } from '../places.js';
import type { Request } from '../request.js';
import { RepositoryDeletion } from './repository-deletion.js';

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

@CommandHandler(DeleteRepository)
export class DeleteRepositoryHandler implements ICommandHandler<DeleteRepository> {
  constructor(
    private readonly places: Places,
    private readonly streams: AggregateStreams,
    private readonly deletion: RepositoryDeletion,
  ) {}

  async execute({ repository, options, request }: DeleteRepository): Promise<void> {
    const stream = repositoryStream(repository);
    if (await this.#wasRequested(stream, request)) return;
    let record;
    try {
      record = await this.places.fresh(repository);
    } catch (error) {
      // It may have gone meanwhile, by this very request.
      if (error instanceof DomainError && (await this.#wasRequested(stream, request))) return;
      throw error;
    }
    const command = { type: 'RequestDeletion', isForced: options.isForced } as const;
    await this.streams.transact({ stream, decider: repositoryDecider, command }, request);
    await failpoint('repository.afterDeletionRequest');
    await this.deletion.finish(record, request);
  }

  /** Goes on with what this request has begun before, if it has. */
  async #wasRequested(stream: string, request: Request): Promise<boolean> {
    const [before] = await this.streams.recorded<RepositoryEvent>(stream, request);
    if (before?.type !== 'RepositoryDeletionRequested') return false;
    await this.deletion.finish(before.repository, request);
    return true;
  }
}
