import { Command } from '@nestjs/cqrs';
import type {
  BranchId,
  Metadata,
  ObjectEntry,
  ObjectPath,
  RepositoryId,
} from '../../domain/model.js';
import type { Request } from '../request.js';

/** Stores a body and stages it under a path. */
export class UploadObject extends Command<ObjectEntry> {
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
