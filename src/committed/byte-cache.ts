import { LRUCache } from 'lru-cache';

export interface CacheCounts {
  readonly hits: number;
  readonly misses: number;
  readonly bytes: number;
}

/** A cache bounded by the bytes it holds; what was used longest ago goes first. */
export class ByteCache<Key extends string | number, Value extends object> {
  readonly #entries: LRUCache<Key, Value>;
  #hits = 0;
  #misses = 0;

  /** @param bytesMax  a value that is larger by itself is not kept at all */
  constructor(
    bytesMax: number,
    private readonly bytesOf: (value: Value) => number,
  ) {
    this.#entries = new LRUCache({ maxSize: bytesMax, maxEntrySize: bytesMax });
  }

  get counts(): CacheCounts {
    return { hits: this.#hits, misses: this.#misses, bytes: this.#entries.calculatedSize };
  }

  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value) this.#hits++;
    else this.#misses++;
    return value;
  }

  set(key: Key, value: Value): void {
    this.#entries.set(key, value, { size: Math.max(1, this.bytesOf(value)) });
  }
}

/** Loads a thing once for all who ask for it at the same time. */
export class SharedLoads<Value> {
  readonly #running = new Map<string, Promise<Value>>();

  load(key: string, start: () => Promise<Value>): Promise<Value> {
    const running = this.#running.get(key);
    if (running) return running;
    const begun = start().finally(() => this.#running.delete(key));
    this.#running.set(key, begun);
    return begun;
  }
}
