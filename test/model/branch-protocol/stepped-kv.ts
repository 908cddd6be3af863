import { KvStore, type KvRead, type KvSnapshot } from '../../../src/ports/kv-store.js';
import type { Scheduler, Touch } from './scheduler.js';
import { ALL_ROWS, NOTHING, touchOfReads } from './touches.js';

/** Views as one node sees them: each read waits for its turn. */
export class SteppedKv extends KvStore {
  constructor(
    private readonly kv: KvStore,
    private readonly node: string,
    private readonly scheduler: Scheduler,
  ) {
    super();
  }

  async read(reads: readonly KvRead[]) {
    await this.#turn(reads, () => touchOfReads(reads));
    return this.kv.read(reads);
  }

  async snapshot<Result>(work: (snapshot: KvSnapshot) => Promise<Result>): Promise<Result> {
    await this.scheduler.step(this.node, 'snapshot', () => ALL_ROWS);
    return this.kv.snapshot((snapshot) =>
      work({
        read: async (reads) => {
          // What it finds was settled when the snapshot was taken.
          await this.#turn(reads, () => NOTHING);
          return snapshot.read(reads);
        },
      }),
    );
  }

  setIf(): Promise<string> {
    throw new Error('nothing here writes plain rows');
  }

  deleteIf(): Promise<void> {
    throw new Error('nothing here writes plain rows');
  }

  async close(): Promise<void> {}

  #turn(reads: readonly KvRead[], touch: () => Touch): Promise<void> {
    const what = reads.map(({ partition }) => partition.replace(/[0-9a-v]{20}\.?/, ''));
    return this.scheduler.step(this.node, `look at ${what.join(' ')}`, touch);
  }
}
