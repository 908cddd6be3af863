import type { BlockAddress, BlockInfo, BlockStore, ByteRange } from '../ports/block-store.js';
import { BlockNotFound } from '../ports/store-errors.js';

/** What is read of a block store. */
export type ReadBlocks = Pick<BlockStore, 'get' | 'getBytes' | 'head'>;

/**
 * Reads blocks of a store to which some are on their way: of a tree that is only laid, most of the
 * ranges still wait for others to be stored. What is not there is asked for again when all that was
 * on its way has arrived, or failed to.
 */
export class LaidBlocks implements ReadBlocks {
  readonly #underWay = new Set<Promise<void>>();

  constructor(private readonly blocks: ReadBlocks) {}

  /** Takes note of a tree's files. @param stored  settles when none of them is on its way */
  areUnderWay(stored: Promise<void>): void {
    const settled = stored
      .catch(() => undefined)
      .finally(() => {
        this.#underWay.delete(settled);
      });
    this.#underWay.add(settled);
  }

  get(address: BlockAddress, range?: ByteRange) {
    return this.#inTime(() => this.blocks.get(address, range));
  }

  getBytes(address: BlockAddress, bytesMax: number): Promise<Uint8Array> {
    return this.#inTime(() => this.blocks.getBytes(address, bytesMax));
  }

  async head(address: BlockAddress): Promise<BlockInfo | undefined> {
    const found = await this.blocks.head(address);
    if (found !== undefined || this.#underWay.size === 0) return found;
    await Promise.all(this.#underWay);
    return this.blocks.head(address);
  }

  async #inTime<Result>(read: () => Promise<Result>): Promise<Result> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof BlockNotFound) || this.#underWay.size === 0) throw error;
    }
    await Promise.all(this.#underWay);
    return read();
  }
}
