import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { BlockAddress, BlockStore } from '../../ports/block-store.js';

/** What a block's body is, as far as two of them can be told apart. */
export interface BlockChecksum {
  /** 32 hex digits. */
  readonly md5: string;
  readonly sizeBytes: number;
}

const REMEMBERED_MAX = 10_000;

/**
 * MD5 of blocks that were put under an issued address. What this process has stored it remembers;
 * of others it reads the block, since a client's word alone would put any checksum into a commit.
 */
export class BlockChecksums {
  readonly #known = new LRUCache<string, BlockChecksum>({ max: REMEMBERED_MAX });

  constructor(private readonly blocks: BlockStore) {}

  remember({ namespace, key }: BlockAddress, { md5, sizeBytes }: BlockChecksum): void {
    this.#known.set(`${namespace}/${key}`, { md5, sizeBytes });
  }

  /** Returns what stands at an address, or undefined when nothing does. */
  async of(address: BlockAddress): Promise<BlockChecksum | undefined> {
    const info = await this.blocks.head(address);
    if (info === undefined) return undefined;
    const known = this.#known.get(`${address.namespace}/${address.key}`);
    if (known?.sizeBytes === info.sizeBytes) return known;
    const hash = createHash('md5');
    let sizeBytes = 0;
    for await (const chunk of (await this.blocks.get(address)) as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
    const found = { md5: hash.digest('hex'), sizeBytes };
    this.remember(address, found);
    return found;
  }
}
