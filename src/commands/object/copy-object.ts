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
import { entryOf } from '../../domain/staging/staging.events.js';
import { type BlockAddress, BlockStore } from '../../ports/block-store.js';
import { Clock } from '../../ports/clock.js';
import { Ids } from '../../ports/ids.js';
import { BlockNotFound, CorruptData } from '../../ports/store-errors.js';
import { addressOf } from '../../queries/open-object.js';
import { FindObject, type FoundObject } from '../../queries/stat-object.js';
import { Branches, type BranchPlace } from '../branch/branches.js';
import { live } from '../branch/successor.js';
import { Places } from '../places.js';
import type { Request } from '../request.js';
import { StagingWriter } from './staging-writer.js';

/** What a copy takes from elsewhere in place of its source's. */
export interface CopyOverrides {
  readonly contentType?: string;
  readonly metadata?: Metadata;
}

/**
 * Stages a copy of an object's bytes under another path: of any ref of any repository.
 *
 * @throws DomainError  object_not_found and whatever the source's ref is not; object_data_missing;
 *   repository_not_found, branch_not_found, read_only_repository, protected_branch_write
 */
export class CopyObject extends Command<FoundObject> {
  constructor(
    readonly source: {
      readonly repository: RepositoryId;
      readonly ref: string;
      readonly path: ObjectPath;
    },
    readonly target: {
      readonly repository: RepositoryId;
      readonly branch: BranchId;
      readonly path: ObjectPath;
      readonly isForced: boolean;
    },
    readonly overrides: CopyOverrides,
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(CopyObject)
export class CopyObjectHandler implements ICommandHandler<CopyObject> {
  constructor(
    private readonly places: Places,
    private readonly branches: Branches,
    private readonly writer: StagingWriter,
    private readonly finder: FindObject,
    private readonly blocks: BlockStore,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  async execute({ source, target, overrides, request }: CopyObject): Promise<FoundObject> {
    const before = request.once?.isRepeat ? await this.writer.effectOf(request) : undefined;
    if (before) {
      const { namespace } = await this.places.repository(target.repository);
      return { entry: entryOf(before, target.path), namespace };
    }
    const place = await this.#place(target);
    const found = await this.finder.at(source.repository, source.ref, source.path);
    const { namespace } = place.repository;
    const key = this.ids.dataKey();
    await this.#copy(found, { namespace, key });
    const entry: ObjectEntry = {
      ...found.entry,
      ...overrides,
      address: key,
      addressType: 'relative',
      modifiedAtMs: this.clock.nowMs(),
    };
    const command = { type: 'StageObject', path: target.path, entry } as const;
    const events = stagingDecider.decide(command, { status: 'open' });
    try {
      const written = entryOf(await this.writer.write(place, events, request), target.path);
      // The same came twice at once: the other's copy has the name.
      if (written.address !== key) await this.blocks.delete({ namespace, key });
      return { entry: written, namespace };
    } catch (error) {
      throw await this.places.refusalAt(place, error);
    }
  }

  /** Whether the branch is there is asked before anything is copied. */
  #place({ repository: name, branch, isForced }: CopyObject['target']): Promise<BranchPlace> {
    return this.places.at({ name, branch, isForced }, async (place) => {
      live(await this.branches.likely(place));
      return place;
    });
  }

  async #copy(found: FoundObject, to: BlockAddress): Promise<void> {
    const { entry } = found;
    try {
      const { sizeBytes } = await this.blocks.copy(addressOf(this.blocks, found), to);
      if (sizeBytes !== entry.sizeBytes) {
        throw new CorruptData(`${entry.address} has ${sizeBytes} bytes, not ${entry.sizeBytes}`);
      }
    } catch (error) {
      // The entry stands, and its bytes are not to be had here.
      throw error instanceof BlockNotFound ? new DomainError('object_data_missing') : error;
    }
  }
}
