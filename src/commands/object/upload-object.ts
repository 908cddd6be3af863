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
import { BlockStore } from '../../ports/block-store.js';
import { Clock } from '../../ports/clock.js';
import { Ids } from '../../ports/ids.js';
import { failpoint } from '../../shared/failpoint.js';
import type { FoundObject } from '../../queries/stat-object.js';
import { Branches, type BranchPlace } from '../branch/branches.js';
import { live } from '../branch/successor.js';
import { isNotFound, Places } from '../places.js';
import type { Request } from '../request.js';
import { StagingWriter } from './staging-writer.js';

/**
 * Stores a body and stages it under a path.
 *
 * @throws DomainError  repository_not_found, branch_not_found, read_only_repository,
 *   protected_branch_write; the body may have been stored, and nothing names it then
 */
export class UploadObject extends Command<FoundObject> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly upload: {
      readonly path: ObjectPath;
      readonly body: AsyncIterable<Uint8Array>;
      /** "" when the client named none: `application/octet-stream` then. */
      readonly contentType: string;
      readonly metadata: Metadata;
      readonly isForced: boolean;
    },
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(UploadObject)
export class UploadObjectHandler implements ICommandHandler<UploadObject> {
  constructor(
    private readonly places: Places,
    private readonly branches: Branches,
    private readonly writer: StagingWriter,
    private readonly blocks: BlockStore,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  async execute({ repository: name, branch, upload, request }: UploadObject): Promise<FoundObject> {
    const { path, body, contentType, metadata, isForced } = upload;
    // Whether the branch is there is asked before the body is taken: a stream is read but once.
    const target = await this.places.at({ name, branch, isForced }, async (place) => {
      live(await this.branches.likely(place));
      return place;
    });
    const key = this.ids.dataKey();
    const stored = await this.blocks.put({ namespace: target.repository.namespace, key }, body);
    await failpoint('write.afterBodyBeforeAppend');
    const entry: ObjectEntry = {
      address: key,
      addressType: 'relative',
      checksum: stored.md5,
      sizeBytes: stored.sizeBytes,
      modifiedAtMs: this.clock.nowMs(),
      contentType: contentType === '' ? 'application/octet-stream' : contentType,
      metadata,
    };
    const command = { type: 'StageObject', path, entry } as const;
    const events = stagingDecider.decide(command, { status: 'open' });
    try {
      await this.writer.write(target, events, request);
    } catch (error) {
      throw await this.#refusalOf(error, target, name);
    }
    return { entry, namespace: target.repository.namespace };
  }

  /** A name may go to another repository while a body comes: there the branch may well be. */
  async #refusalOf(
    error: unknown,
    { repository }: BranchPlace,
    name: RepositoryId,
  ): Promise<unknown> {
    if (!isNotFound(error)) return error;
    const { uid } = await this.places.fresh(name);
    // The body was read and cannot be read again, so the client is asked to send it once more.
    return uid === repository.uid ? error : new DomainError('store_busy');
  }
}
