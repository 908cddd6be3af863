import type { ObjectPath } from '../../domain/model.js';
import type { ChangeBatch, StagedChange } from '../../ports/committed-store.js';
import { compareUtf8 } from '../../shared/bytes.js';

/** Answers what tokens say of paths that are asked for in ascending order, by one walk. */
export class SaidInOrder {
  readonly #batches: AsyncIterator<ChangeBatch>;
  #batch: readonly StagedChange[] = [];
  #at = 0;

  constructor(changes: AsyncIterable<ChangeBatch>) {
    this.#batches = changes[Symbol.asyncIterator]();
  }

  /** Returns the word on a path, a tombstone too; undefined: there is none. */
  async at(path: ObjectPath): Promise<StagedChange | undefined> {
    for (;;) {
      const next = this.#batch[this.#at];
      if (next) {
        const order = compareUtf8(next.path, path);
        if (order === 0) return next;
        if (order > 0) return undefined;
        this.#at++;
        continue;
      }
      const { value, done } = await this.#batches.next();
      if (done) return undefined;
      this.#batch = [...value];
      this.#at = 0;
    }
  }
}
