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
import { entryOf, type StagingEvent } from '../../domain/staging/staging.events.js';
import { assertHolds, type WriteCondition } from '../../domain/staging/write-condition.js';
import { type BlockAddress, BlockStore, type StoredBlock } from '../../ports/block-store.js';
import { Clock } from '../../ports/clock.js';
import { Ids } from '../../ports/ids.js';
import { failpoint } from '../../shared/failpoint.js';
import type { FoundObject } from '../../queries/stat-object.js';
import type { BranchPlace } from '../branch/branches.js';
import { Places } from '../places.js';
import { digestOf } from '../repeats/digest-of.js';
import type { Request } from '../request.js';
import { ConditionalWriter, type Look } from './conditional-writer.js';
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
      readonly condition?: WriteCondition | undefined;
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
    private readonly writer: StagingWriter,
    private readonly conditional: ConditionalWriter,
    private readonly blocks: BlockStore,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  async execute(command: UploadObject): Promise<FoundObject> {
    const { upload, request } = command;
    // Done before, its body is only to be compared.
    const before = request.once?.isRepeat ? await this.writer.effectOf(request) : undefined;
    if (before) return this.#again(command, before);
    let target: Target;
    try {
      target = await this.#target(command);
    } catch (error) {
      const meanwhile = isRefusal(error) ? await this.writer.effectOf(request) : undefined;
      if (meanwhile) return this.#again(command, meanwhile);
      throw error;
    }
    const { namespace } = target.place.repository;
    const address = { namespace, key: this.ids.dataKey() };
    const stored = await this.blocks.put(address, upload.body, { isUntold: true });
    await failpoint('write.afterBodyBeforeAppend');
    const own = this.#entry(upload, address, stored);
    let entry: ObjectEntry;
    try {
      entry = entryOf(await this.#stage(target, { ...upload, entry: own }, request), upload.path);
    } catch (error) {
      // Nobody names what the condition has refused.
      if (isRefusedCondition(error)) await this.blocks.delete(address);
      throw await this.places.refusalAt(target.place, error);
    }
    // The same came twice at once: the other's bytes have the name.
    if (entry.address !== own.address) await this.blocks.delete(address);
    assertSameBytes(entry, own);
    return { entry, namespace };
  }

  /** What surely fails is refused before the body is taken: a stream is read but once. */
  #target({ repository: name, branch, upload, request }: UploadObject): Promise<Target> {
    const { path, condition, isForced } = upload;
    return this.places.at({ name, branch, isForced }, async (place) => {
      if (!condition) {
        await this.writer.refuseBlocked(place, request);
        return { place };
      }
      const seen = await this.conditional.look(place, path);
      assertHolds(condition, seen.current);
      return { place, seen };
    });
  }

  async #again(
    { repository, upload }: UploadObject,
    before: readonly StagingEvent[],
  ): Promise<FoundObject> {
    const entry = entryOf(before, upload.path);
    assertSameBytes(entry, await digestOf(upload.body));
    return { entry, namespace: (await this.places.repository(repository)).namespace };
  }

  #entry(
    { contentType, metadata }: UploadObject['upload'],
    { key }: BlockAddress,
    { md5, sizeBytes }: StoredBlock,
  ): ObjectEntry {
    return {
      address: key,
      addressType: 'relative',
      checksum: md5,
      sizeBytes,
      modifiedAtMs: this.clock.nowMs(),
      contentType: contentType === '' ? 'application/octet-stream' : contentType,
      metadata,
    };
  }

  #stage(
    { place, seen }: Target,
    { path, entry, condition }: Staged,
    request: Request,
  ): Promise<readonly StagingEvent[]> {
    const command = { type: 'StageObject', path, entry } as const;
    const events = stagingDecider.decide(command, { status: 'open' });
    if (!condition) return this.writer.write(place, events, request);
    const decide = (current: ObjectEntry | undefined) => {
      assertHolds(condition, current);
      return events;
    };
    return this.conditional.write(place, { path, decide, ...(seen && { seen }) }, request);
  }
}

/** Where it goes, and what was seen there before the body was taken. */
interface Target {
  readonly place: BranchPlace;
  readonly seen?: Look;
}

interface Staged {
  readonly path: ObjectPath;
  readonly entry: ObjectEntry;
  readonly condition?: WriteCondition | undefined;
}

/** @throws DomainError key_taken  under the same key came another body */
function assertSameBytes(
  { checksum, sizeBytes }: ObjectEntry,
  other: Pick<ObjectEntry, 'checksum' | 'sizeBytes'>,
): void {
  if (checksum !== other.checksum || sizeBytes !== other.sizeBytes) {
    throw new DomainError('key_taken');
  }
}

const isRefusal = (error: unknown): boolean => error instanceof DomainError;

const isRefusedCondition = (error: unknown): boolean =>
  error instanceof DomainError &&
  (error.code === 'path_exists' || error.code === 'precondition_failed');
