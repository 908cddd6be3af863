import { Command } from '@nestjs/cqrs';
import type {
  BranchId,
  Metadata,
  ObjectEntry,
  ObjectPath,
  RepositoryId,
} from '../../domain/model.js';
import type { Request } from '../request.js';

/** Stages an object whose bytes are already somewhere: a full address outside the namespace. */
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
