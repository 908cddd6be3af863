import { setImmediate as turn } from 'node:timers/promises';
import { MemoryBlockStore } from '../../src/block-adapter/memory-block-store.js';
import type { BlockAddress } from '../../src/ports/block-store.js';
import type { SeededRandom } from './seeded-random.js';

const TURNS_MAX = 6;

/** Blocks in memory that take their time to be stored, and are not always. */
export class SlowBlocks extends MemoryBlockStore {
  /** One store in so many fails; 0: none does. */
  failsEvery = 0;

  constructor(private readonly random: SeededRandom) {
    super();
  }

  override async putIfAbsent(address: BlockAddress, body: Uint8Array): Promise<boolean> {
    const fails = this.failsEvery > 0 && this.random.below(this.failsEvery) === 0;
    const failsLate = this.random.below(2) === 0;
    // What is in the body is looked at late: whoever gives it must leave it as it is till then.
    for (let left = this.random.below(TURNS_MAX); left > 0; left--) await turn();
    if (fails && !failsLate) throw new Error('no room for a block');
    const isNew = await super.putIfAbsent(address, body);
    for (let left = this.random.below(TURNS_MAX); left > 0; left--) await turn();
    if (fails) throw new Error('the answer about a block is lost');
    return isNew;
  }
}
