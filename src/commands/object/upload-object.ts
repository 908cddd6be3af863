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
import { assertHolds, type WriteCondition } from '../../domain/staging/write-condition.js';
import { BlockStore } from '../../ports/block-store.js';
import { Clock } from '../../ports/clock.js';
import { Ids } from '../../ports/ids.js';
import { failpoint } from '../../shared/failpoint.js';
import type { FoundObject } from '../../queries/stat-object.js';
import { Branches, type BranchPlace } from '../branch/branches.js';
import { live } from '../branch/successor.js';
import { Places } from '../places.js';
import type { Request } from '../request.js';
import { ConditionalWriter } from './conditional-writer.js';
import { StagingWriter } from './staging-writer.js';

/**
 * Stores a body and stages it under a path.
 *
 * @throws DomainError  repository_not_found, branch_not_found, read_only_repository,
 *   protected_branch_write; the body may have been stored, and nothing names it then. path_exists,
 *   precondition_failed: the path was not as wanted at one moment of the request
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
      /** Undefined: whatever the path is. */
      readonly condition: WriteCondition | undefined;
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
    private readonly conditional: ConditionalWriter,
    private readonly blocks: BlockStore,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  async execute({ repository: name, branch, upload, request }: UploadObject): Promise<FoundObject> {
    const { path, body, contentType, metadata, condition, isForced } = upload;
    // What surely fails is refused before the body is taken: a stream is read but once.
    const target = await this.places.at({ name, branch, isForced }, async (place) => {
      if (condition) assertHolds(condition, await this.conditional.current(place, path));
      else live(await this.branches.likely(place));
      return place;
    });
    const address = { namespace: target.repository.namespace, key: this.ids.dataKey() };
    const stored = await this.blocks.put(address, body);
    await failpoint('write.afterBodyBeforeAppend');
    const entry: ObjectEntry = {
      address: address.key,
      addressType: 'relative',
      checksum: stored.md5,
      sizeBytes: stored.sizeBytes,
      modifiedAtMs: this.clock.nowMs(),
      contentType: contentType === '' ? 'application/octet-stream' : contentType,
      metadata,
    };
    try {
      await this.#stage(target, { path, entry, condition }, request);
    } catch (error) {
      // Nobody names what the condition has refused.
      if (isRefusedCondition(error)) await this.blocks.delete(address);
      throw await this.places.refusalAt(target, error);
    }
    return { entry, namespace: target.repository.namespace };
  }

  async #stage(
    place: BranchPlace,
    { path, entry, condition }: Staged,
    request: Request,
  ): Promise<void> {
    const command = { type: 'StageObject', path, entry } as const;
    const events = stagingDecider.decide(command, { status: 'open' });
    if (!condition) return this.writer.write(place, events, request);
    const decide = (current: ObjectEntry | undefined) => {
      assertHolds(condition, current);
      return events;
    };
    await this.conditional.write(place, { path, decide }, request);
  }
}

interface Staged {
  readonly path: ObjectPath;
  readonly entry: ObjectEntry;
  readonly condition: WriteCondition | undefined;
}

const isRefusedCondition = (error: unknown): boolean =>
  error instanceof DomainError &&
  (error.code === 'path_exists' || error.code === 'precondition_failed');
