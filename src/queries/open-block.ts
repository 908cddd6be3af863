import type { Readable } from 'node:stream';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { DomainError } from '../domain/errors.js';
import { BlockStore, type ByteRange } from '../ports/block-store.js';

/** A block that was found. */
export interface FoundBlock {
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  /** @throws BlockNotFound  it was deleted meanwhile */
  open(range: ByteRange | undefined): Promise<Readable>;
}

/** Finds a block by its full address. @throws DomainError object_not_found */
export class OpenBlock extends Query<FoundBlock> {
  constructor(
    /** `scheme://…` */
    readonly address: string,
  ) {
    super();
  }
}

@QueryHandler(OpenBlock)
export class OpenBlockHandler implements IQueryHandler<OpenBlock> {
  constructor(private readonly blocks: BlockStore) {}

  async execute({ address: uri }: OpenBlock): Promise<FoundBlock> {
    const address = this.blocks.parse(uri);
    const info = await this.blocks.head(address);
    if (info === undefined) throw new DomainError('object_not_found');
    return { ...info, open: (range) => this.blocks.get(address, range) };
  }
}
