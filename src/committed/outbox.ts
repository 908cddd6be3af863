import type { BuiltRange } from './range-writer.js';

/** Ranges that are built and not stored yet. */
export const OUTBOX_BYTES_MAX = 64 * 1024 * 1024;
const STORING_MAX = 4;

/**
 * Stores ranges as they are built, but not before something is known to differ from the base: a
 * commit that changes nothing leaves nothing behind. (Of more than {@link OUTBOX_BYTES_MAX} it
 * does, where the base was cut by other parameters; the files are then nobody's, and collected.)
 */
export class Outbox {
  readonly #known = new Set<string>();
  readonly #queue: BuiltRange[] = [];
  readonly #storing = new Set<Promise<void>>();
  #queuedBytes = 0;
  #storingBytes = 0;
  #isReleased = false;
  #error: unknown;

  constructor(private readonly store: (range: BuiltRange) => Promise<void>) {}

  /** Names a range that is stored already: built again, it is not stored again. */
  know(id: string): void {
    this.#known.add(id);
  }

  /** Takes a range; never throws. */
  take(range: BuiltRange, hasChanges: boolean): void {
    if (hasChanges) this.#isReleased = true;
    if (!this.#known.has(range.id)) {
      this.#known.add(range.id);
      this.#queue.push(range);
      this.#queuedBytes += range.file.length;
    }
    if (this.#queuedBytes > OUTBOX_BYTES_MAX) this.#isReleased = true;
    this.#work();
  }

  /** Resolves when there is room for more. @throws what the store threw */
  async room(): Promise<void> {
    while (this.#error === undefined && this.#queuedBytes + this.#storingBytes > OUTBOX_BYTES_MAX) {
      await Promise.race(this.#storing);
    }
    if (this.#error !== undefined) throw this.#error;
  }

  /** Stores what is left, or forgets it. @throws what the store threw */
  async finish(hasChanges: boolean): Promise<void> {
    if (hasChanges) this.#isReleased = true;
    else this.#queue.length = 0;
    this.#work();
    while (this.#storing.size > 0) await Promise.race(this.#storing);
    if (this.#error !== undefined) throw this.#error;
  }

  /** Forgets what is not being stored yet, and waits for what is. */
  async drop(): Promise<void> {
    this.#queue.length = 0;
    await Promise.all(this.#storing);
  }

  #work(): void {
    while (this.#isReleased && this.#error === undefined && this.#storing.size < STORING_MAX) {
      const range = this.#queue.shift();
      if (!range) return;
      const bytes = range.file.length;
      this.#queuedBytes -= bytes;
      this.#storingBytes += bytes;
      const stored = this.#stored(range).then(() => {
        this.#storing.delete(stored);
        this.#storingBytes -= bytes;
        this.#work();
      });
      this.#storing.add(stored);
    }
  }

  async #stored(range: BuiltRange): Promise<void> {
    try {
      await this.store(range);
    } catch (error) {
      this.#error ??= error;
    }
  }
}
