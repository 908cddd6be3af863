import { KvStore, type KvRead, type KvSnapshot } from '../../../src/ports/kv-store.js';
import type { Scheduler } from './scheduler.js';

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
    await this.#turn(reads);
    return this.kv.read(reads);
  }

  async snapshot<Result>(work: (snapshot: KvSnapshot) => Promise<Result>): Promise<Result> {
    await this.scheduler.step(this.node, 'snapshot');
    return this.kv.snapshot((snapshot) =>
      work({
        read: async (reads) => {
          await this.#turn(reads);
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

  #turn(reads: readonly KvRead[]): Promise<void> {
    const what = reads.map(({ partition }) => partition.replace(/[0-9a-v]{20}\.?/, ''));
    return this.scheduler.step(this.node, `look at ${what.join(' ')}`);
  }
}
