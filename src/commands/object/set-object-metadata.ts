import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import type {
  BranchId,
  Metadata,
  ObjectEntry,
  ObjectPath,
  RepositoryId,
} from '../../domain/model.js';
import { stagingDecider } from '../../domain/staging/staging.decider.js';
import { Places } from '../places.js';
import type { Request } from '../request.js';
import { ConditionalWriter } from './conditional-writer.js';

/**
 * Replaces the user's metadata of an object, staged or committed; the rest of it stands, and an
 * overwrite that lands meanwhile is not undone.
 *
 * @throws DomainError  object_not_found, repository_not_found, branch_not_found,
 *   read_only_repository, protected_branch_write
 */
export class SetObjectMetadata extends Command<void> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly path: ObjectPath,
    readonly metadata: Metadata,
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(SetObjectMetadata)
export class SetObjectMetadataHandler implements ICommandHandler<SetObjectMetadata> {
  constructor(
    private readonly places: Places,
    private readonly writer: ConditionalWriter,
  ) {}

  execute({ repository: name, branch, path, metadata, request }: SetObjectMetadata): Promise<void> {
    const decide = (current: ObjectEntry | undefined) => {
      if (!current) throw new DomainError('object_not_found');
      const entry = { ...current, metadata };
      return stagingDecider.decide({ type: 'StageObject', path, entry }, { status: 'open' });
    };
    return this.places.at({ name, branch, isForced: false }, async (place) => {
      await this.writer.write(place, { path, decide }, request);
    });
  }
}
