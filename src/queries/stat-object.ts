import { Query } from '@nestjs/cqrs';
import type { ObjectEntry, ObjectPath, RepositoryId, StorageNamespace } from '../domain/model.js';

export interface FoundObject {
  readonly entry: ObjectEntry;
  /** Of its repository: what a relative address is relative to. */
  readonly namespace: StorageNamespace;
}

export class StatObject extends Query<FoundObject> {
  constructor(
    readonly repository: RepositoryId,
    readonly ref: string,
    readonly path: ObjectPath,
  ) {
    super();
  }
}
