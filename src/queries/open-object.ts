import type { Readable } from 'node:stream';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { ObjectEntry, RepositoryId, StorageNamespace } from '../domain/model.js';
import { BlockStore } from '../ports/block-store.js';

/**
 * Opens the bytes of an object that was found.
 *
 * @throws BlockNotFound, AddressRefused  the entry stands, and its bytes are not to be had here
 */
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

@QueryHandler(OpenObject)
export class OpenObjectHandler implements IQueryHandler<OpenObject> {
  constructor(private readonly blocks: BlockStore) {}

  async execute({ object: { entry, namespace }, range }: OpenObject): Promise<Readable> {
    const address =
      entry.addressType === 'relative'
        ? { namespace, key: entry.address }
        : this.blocks.parse(entry.address);
    return this.blocks.get(address, range);
  }
}
