import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { DomainError } from '../domain/errors.js';
import type { ObjectPath, RepositoryId } from '../domain/model.js';
import { BlockStore, type BlockInfo } from '../ports/block-store.js';
import { CommittedStore } from '../ports/committed-store.js';
import { BlockNotFound } from '../ports/store-errors.js';
import { addressOf } from './open-object.js';
import { ReadsAt } from './read-at.js';
import { FindObject } from './stat-object.js';

/**
 * What the block store itself says of an object's bytes.
 *
 * @throws DomainError  object_not_found, and whatever the ref is not; object_data_missing
 */
export class LocateObject extends Query<BlockInfo> {
  constructor(
    readonly repository: RepositoryId,
    readonly ref: string,
    readonly path: ObjectPath,
  ) {
    super();
  }
}

@QueryHandler(LocateObject)
export class LocateObjectHandler implements IQueryHandler<LocateObject> {
  readonly #finder: FindObject;

  constructor(
    reads: ReadsAt,
    committed: CommittedStore,
    private readonly blocks: BlockStore,
  ) {
    this.#finder = new FindObject(reads, committed);
  }

  async execute({ repository, ref, path }: LocateObject): Promise<BlockInfo> {
    const found = await this.#finder.at(repository, ref, path);
    try {
      const info = await this.blocks.head(addressOf(this.blocks, found));
      if (info) return info;
    } catch (error) {
      if (!(error instanceof BlockNotFound)) throw error;
    }
    throw new DomainError('object_data_missing');
  }
}
