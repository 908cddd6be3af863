import { ViewWriter, type ViewStep } from '../ports/view-writer.js';
import type { MemoryKvStore } from './memory-kv-store.js';

/** Views of this process alone. They begin anew with it. */
export class MemoryViewWriter extends ViewWriter {
  readonly isShared = false;
  #position = 0;

  constructor(private readonly kv: MemoryKvStore) {
    super();
  }

  async position(): Promise<number> {
    return this.#position;
  }

  async advance({ from, to, writes }: ViewStep): Promise<number> {
    while (this.kv.held) await this.kv.held;
    if (this.#position !== from) return this.#position;
    this.kv.apply(writes);
    this.#position = to;
    return to;
  }
}
