import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { multipartDecider } from '../../domain/multipart/multipart.decider.js';
import { multipartStream, type UploadPlace } from '../../domain/multipart/multipart.stream.js';
import type { BranchId, ObjectPath, RepositoryId } from '../../domain/model.js';
import { Ids } from '../../ports/ids.js';
import { AddressTokens } from '../address/address-tokens.js';
import { AggregateStreams } from '../aggregate-stream.js';
import { Branches } from '../branch/branches.js';
import { live } from '../branch/successor.js';
import { Places } from '../places.js';
import type { Request } from '../request.js';
import { Uploads } from './uploads.js';

export interface StartedMultipart extends UploadPlace {
  /** Where the whole body will stand: `scheme://…`, given out for this path. */
  readonly physicalAddress: string;
}

/**
 * Begins an upload in parts. Its parts may be stored as long as its address is good; after that a
 * sweep gives it up.
 *
 * @throws DomainError  repository_not_found, branch_not_found, read_only_repository
 */
export class StartMultipart extends Command<StartedMultipart> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly path: ObjectPath,
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(StartMultipart)
export class StartMultipartHandler implements ICommandHandler<StartMultipart> {
  constructor(
    private readonly places: Places,
    private readonly branches: Branches,
    private readonly streams: AggregateStreams,
    private readonly ids: Ids,
    private readonly tokens: AddressTokens,
    private readonly uploads: Uploads,
  ) {}

  execute({ repository: name, branch, path, request }: StartMultipart): Promise<StartedMultipart> {
    return this.places.at({ name, branch, isForced: false }, async (place) => {
      const { uid, namespace } = place.repository;
      const upload = { uid, uploadId: request.commandId as string };
      const key = this.tokens.sign({ uid, branch, path }, this.ids.dataKey());
      const command = { type: 'StartMultipart', branch, path, namespace, key } as const;
      const stream = multipartStream(upload);
      const step = { stream, decider: multipartDecider, command, isLikelyNew: true };
      await this.streams.once(stream, request, async () => {
        live(await this.branches.likely(place));
        return this.streams.transact(step, request);
      });
      // Of a repeat of one command the address of the first time counts.
      const begun = await this.uploads.record(upload);
      return { ...upload, physicalAddress: `${namespace}/${begun.key}` };
    });
  }
}
