import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { UploadPlace } from '../../domain/multipart/multipart.stream.js';
import { Places } from '../places.js';
import { type NamedUpload, Uploads } from './uploads.js';

/**
 * Returns an upload whose address was given out for what it is named with, and that is not over: a
 * part may be put into it. Nothing is written.
 *
 * @throws DomainError  address_…, upload_not_found
 */
export class FindUpload extends Command<UploadPlace> {
  constructor(readonly upload: NamedUpload) {
    super();
  }
}

@CommandHandler(FindUpload)
export class FindUploadHandler implements ICommandHandler<FindUpload> {
  constructor(
    private readonly places: Places,
    private readonly uploads: Uploads,
  ) {}

  async execute({ upload }: FindUpload): Promise<UploadPlace> {
    const repository = await this.places.fresh(upload.repository);
    const { uid, uploadId } = this.uploads.verified(repository, upload);
    await this.uploads.record({ uid, uploadId });
    return { uid, uploadId };
  }
}
