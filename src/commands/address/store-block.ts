import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import { BlockStore } from '../../ports/block-store.js';
import { type BlockChecksum, BlockChecksums } from './block-checksums.js';

/**
 * Stores a body at an issued address. The first body stays: an object may name it from then on, and
 * an object's bytes never change. Who sends the same again, since no answer came, is answered so.
 *
 * @throws DomainError address_taken  another body was first
 */
export class StoreBlock extends Command<BlockChecksum> {
  constructor(
    /** `scheme://…`; that it may be written is for the caller to know. */
    readonly address: string,
    readonly body: AsyncIterable<Uint8Array>,
  ) {
    super();
  }
}

@CommandHandler(StoreBlock)
export class StoreBlockHandler implements ICommandHandler<StoreBlock> {
  constructor(
    private readonly blocks: BlockStore,
    private readonly checksums: BlockChecksums,
  ) {}

  async execute({ address: uri, body }: StoreBlock): Promise<BlockChecksum> {
    const address = this.blocks.parse(uri);
    const { md5, sizeBytes, isNew } = await this.blocks.putNew(address, body);
    if (isNew) this.checksums.remember(address, { md5, sizeBytes });
    else if ((await this.checksums.of(address))?.md5 !== md5)
      throw new DomainError('address_taken');
    return { md5, sizeBytes };
  }
}
