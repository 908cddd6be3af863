import type { Readable } from 'node:stream';
import { Query } from '@nestjs/cqrs';
import type { RepositoryId, StorageNamespace, ObjectEntry } from '../domain/model.js';

/** Opens the bytes of an object that was found. @throws DomainError object_data_missing */
export class OpenObject extends Query<Readable> {
  constructor(
    readonly repository: RepositoryId,
    readonly object: { readonly entry: ObjectEntry; readonly namespace: StorageNamespace },
    /** First and last byte, both inclusive; undefined: all of it. */
    readonly range: { readonly start: number; readonly end: number } | undefined,
  ) {
    super();
  }
}
