import type { Readable } from 'node:stream';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { ObjectEntry, RepositoryId, StorageNamespace } from '../domain/model.js';
import { type BlockAddress, BlockStore } from '../ports/block-store.js';
import { AddressRefused, BlockNotFound, CorruptData } from '../ports/store-errors.js';

/**
 * Opens the bytes of an object that was found.
 *
 * @throws BlockNotFound  the entry stands, and its bytes are not to be had here
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

  async execute({ object, range }: OpenObject): Promise<Readable> {
    return this.blocks.get(addressOf(this.blocks, object), range);
  }
}

/**
 * The bytes of a small object, as a whole; undefined: it is no small one, or there are not as many
 * of them as it has, which {@link OpenObject} finds out on the way.
 *
 * @throws BlockNotFound  the entry stands, and its bytes are not to be had here
 */
export class ReadSmallObject extends Query<Uint8Array | undefined> {
  constructor(
    readonly repository: RepositoryId,
    readonly object: OpenObject['object'],
  ) {
    super();
  }
}

@QueryHandler(ReadSmallObject)
export class ReadSmallObjectHandler implements IQueryHandler<ReadSmallObject> {
  constructor(private readonly blocks: BlockStore) {}

  async execute({ object }: ReadSmallObject): Promise<Uint8Array | undefined> {
    const { sizeBytes } = object.entry;
    if (sizeBytes > SMALL_OBJECT_BYTES_MAX) return undefined;
    try {
      const bytes = await this.blocks.getBytes(addressOf(this.blocks, object), sizeBytes);
      return bytes.length === sizeBytes ? bytes : undefined;
    } catch (error) {
      if (error instanceof CorruptData) return undefined;
      throw error;
    }
  }
}

/** Up to here a stream costs more than the reading. */
const SMALL_OBJECT_BYTES_MAX = 64 * 1024;

/**
 * Returns where the bytes of an object are.
 *
 * @throws BlockNotFound  an address that was taken over from another server is none of this store's
 */
export function addressOf(
  blocks: BlockStore,
  { entry, namespace }: OpenObject['object'],
): BlockAddress {
  if (entry.addressType === 'relative') return { namespace, key: entry.address };
  try {
    return blocks.parse(entry.address);
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    throw new BlockNotFound(error.message, { cause: error });
  }
}
