import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { importDecider } from '../../domain/import/import.decider.js';
import { importStream } from '../../domain/import/import.stream.js';
import type { ImportId, RepositoryId } from '../../domain/model.js';
import { AggregateStreams } from '../aggregate-stream.js';
import { Places } from '../places.js';
import type { Request } from '../request.js';

/**
 * Ends an import, whose objects then never come onto the branch.
 *
 * @throws DomainError  repository_not_found, import_not_found; import_completed: its commit is
 *   there, or was asked for
 */
export class CancelImport extends Command<void> {
  constructor(
    readonly repository: RepositoryId,
    readonly id: ImportId,
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(CancelImport)
export class CancelImportHandler implements ICommandHandler<CancelImport> {
  constructor(
    private readonly places: Places,
    private readonly streams: AggregateStreams,
  ) {}

  async execute({ repository, id, request }: CancelImport): Promise<void> {
    const { uid } = await this.places.fresh(repository);
    const stream = importStream(uid, id);
    const command = { type: 'CancelImport' } as const;
    await this.streams.transact({ stream, decider: importDecider, command }, request);
  }
}
