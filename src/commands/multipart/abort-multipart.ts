import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { multipartDecider } from '../../domain/multipart/multipart.decider.js';
import { multipartStream } from '../../domain/multipart/multipart.stream.js';
import { AggregateStreams } from '../aggregate-stream.js';
import { Places } from '../places.js';
import type { Request } from '../request.js';
import { type NamedUpload, Uploads } from './uploads.js';

/**
 * Gives an upload up; given up again, nothing happens. Its parts are swept away soon after.
 *
 * @throws DomainError  address_…; upload_not_found: there is none, or it is complete
 */
export class AbortMultipart extends Command<void> {
  constructor(
    readonly upload: NamedUpload,
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(AbortMultipart)
export class AbortMultipartHandler implements ICommandHandler<AbortMultipart> {
  constructor(
    private readonly places: Places,
    private readonly uploads: Uploads,
    private readonly streams: AggregateStreams,
  ) {}

  async execute({ upload, request }: AbortMultipart): Promise<void> {
    const repository = await this.places.fresh(upload.repository);
    const place = this.uploads.verified(repository, upload);
    await this.uploads.fold(place);
    const command = { type: 'AbortMultipart' } as const;
    const stream = multipartStream(place);
    await this.streams.transact({ stream, decider: multipartDecider, command }, request);
  }
}
