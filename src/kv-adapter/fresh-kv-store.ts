import { KvStore, type KvRead, type KvRow, type KvSnapshot } from '../ports/kv-store.js';
import { StoreUnavailable } from '../ports/store-errors.js';
import { Gather } from '../shared/gather.js';

/** Looks under way at once: whoever comes while they are waits for none of them to be begun. */
const LOOKS_MAX = 4;
const WAITING_MAX = 20_000;

/**
 * Views of one node beside others that append to the same log: a read first learns where the log
 * ends, and waits until the views are there. So it misses nothing that was acknowledged anywhere
 * before it was asked. Reads that come together share one look, begun after each of them was asked.
 */
export class FreshKvStore extends KvStore {
  readonly #looks: Gather<undefined, undefined>;

  /** @param caughtUp  resolves when the views show all that was in the log when it was called */
  constructor(
    private readonly kv: KvStore,
    caughtUp: () => Promise<void>,
  ) {
    super();
    this.#looks = new Gather({
      sendsMax: LOOKS_MAX,
      afterTurn: setImmediate,
      elapsedMs: () => performance.now(),
      weightOf: () => 1,
      weightMax: WAITING_MAX,
      waitingMax: WAITING_MAX,
      onFull: () => new StoreUnavailable('too many reads wait'),
      send: async (asked) => {
        await caughtUp();
        return asked;
      },
    });
  }

  async read(reads: readonly KvRead[]): Promise<readonly (readonly KvRow[])[]> {
    await this.#looks.ask(undefined);
    return this.kv.read(reads);
  }

  async snapshot<Result>(work: (snapshot: KvSnapshot) => Promise<Result>): Promise<Result> {
    await this.#looks.ask(undefined);
    return this.kv.snapshot(work);
  }

  setIf(...args: Parameters<KvStore['setIf']>): Promise<string> {
    return this.kv.setIf(...args);
  }

  deleteIf(...args: Parameters<KvStore['deleteIf']>): Promise<void> {
    return this.kv.deleteIf(...args);
  }

  close(): Promise<void> {
    return this.kv.close();
  }
}
