import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import type { BranchId, ObjectEntry, ObjectPath, RepositoryId } from '../../domain/model.js';
import { entryOf } from '../../domain/staging/staging.events.js';
import { stagingDecider } from '../../domain/staging/staging.decider.js';
import { Clock } from '../../ports/clock.js';
import type { FoundObject } from '../../queries/stat-object.js';
import { Places } from '../places.js';
import type { Request } from '../request.js';
import { ConditionalWriter } from './conditional-writer.js';
import type { CopyOverrides } from './copy-object.js';

/**
 * Gives the bytes of an object a second name on its branch; nothing is copied.
 *
 * The source is there at the moment of the append: were it deleted a moment before, its bytes
 * might be swept away under the new name.
 *
 * @throws DomainError  object_not_found, repository_not_found, branch_not_found,
 *   read_only_repository, protected_branch_write
 */
export class CloneObject extends Command<FoundObject> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly clone: {
      readonly source: ObjectPath;
      readonly path: ObjectPath;
      readonly overrides: CopyOverrides;
      readonly isForced: boolean;
    },
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(CloneObject)
export class CloneObjectHandler implements ICommandHandler<CloneObject> {
  constructor(
    private readonly places: Places,
    private readonly writer: ConditionalWriter,
    private readonly clock: Clock,
  ) {}

  execute({ repository: name, branch, clone, request }: CloneObject): Promise<FoundObject> {
    const { source, path, overrides, isForced } = clone;
    const modifiedAtMs = this.clock.nowMs();
    return this.places.at({ name, branch, isForced }, async (place) => {
      const decide = (current: ObjectEntry | undefined) => {
        if (!current) throw new DomainError('object_not_found');
        const entry = { ...current, ...overrides, modifiedAtMs };
        const command = { type: 'CloneObject', path, entry, source } as const;
        return stagingDecider.decide(command, { status: 'open' });
      };
      const written = await this.writer.write(place, { path: source, decide }, request);
      return { entry: entryOf(written, path), namespace: place.repository.namespace };
    });
  }
}
