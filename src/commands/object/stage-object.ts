import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import type {
  BranchId,
  Metadata,
  ObjectEntry,
  ObjectPath,
  RepositoryId,
  StorageNamespace,
} from '../../domain/model.js';
import { stagingDecider } from '../../domain/staging/staging.decider.js';
import { entryOf } from '../../domain/staging/staging.events.js';
import { Clock } from '../../ports/clock.js';
import { Places } from '../places.js';
import type { Request } from '../request.js';
import { StagingWriter } from './staging-writer.js';

/**
 * Stages an object whose bytes are already somewhere: a full address outside the namespace.
 *
 * @throws DomainError  address_refused: no URI, or one inside the repository's own namespace
 */
export class StageObject extends Command<ObjectEntry> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly object: {
      readonly path: ObjectPath;
      /** `scheme://…` */
      readonly physicalAddress: string;
      readonly checksum: string;
      readonly sizeBytes: number;
      /** Left out: the time of the request. */
      readonly modifiedAtMs: number | undefined;
      readonly contentType: string;
      readonly metadata: Metadata;
      readonly isForced: boolean;
    },
    readonly request: Request,
  ) {
    super();
  }
}

/** `local:///folder/file` is one: another server's local store names its files by whole paths. */
const URI = /^[a-z][a-z0-9+.-]*:\/\/./i;

@CommandHandler(StageObject)
export class StageObjectHandler implements ICommandHandler<StageObject> {
  constructor(
    private readonly places: Places,
    private readonly writer: StagingWriter,
    private readonly clock: Clock,
  ) {}

  execute({ repository: name, branch, object, request }: StageObject): Promise<ObjectEntry> {
    const { path, physicalAddress, checksum, sizeBytes, metadata, isForced } = object;
    const contentType = object.contentType === '' ? 'application/octet-stream' : object.contentType;
    const modifiedAtMs = object.modifiedAtMs ?? this.clock.nowMs();
    assertUri(physicalAddress);
    return this.places.at({ name, branch, isForced }, async (place) => {
      assertOutside(place.repository.namespace, physicalAddress);
      const entry: ObjectEntry = {
        address: physicalAddress,
        addressType: 'full',
        checksum,
        sizeBytes,
        modifiedAtMs,
        contentType,
        metadata,
      };
      const command = { type: 'StageObject', path, entry } as const;
      const events = stagingDecider.decide(command, { status: 'open' });
      return entryOf(await this.writer.write(place, events, request), path);
    });
  }
}

/** @throws DomainError address_refused */
export function assertUri(address: string): void {
  if (URI.test(address)) return;
  throw new DomainError('address_refused', { reason: 'not of the form scheme://…' });
}

/** A link to an object of our own would outlive it: what a sweep deletes it would still name. */
function assertOutside(namespace: StorageNamespace, address: string): void {
  if (address === namespace || address.startsWith(`${namespace}/`)) {
    throw new DomainError('address_refused', { reason: 'inside the storage namespace' });
  }
}
