import { StoreUnavailable } from '../ports/store-errors.js';

interface Waiter {
  readonly position: number;
  readonly resolve: () => void;
}

/** How far the views have come in the log, for those who must not look before. */
export class ViewProgress {
  #position: number;
  #heldCount = 0;
  #waiters: Waiter[] = [];
  #onWanted: () => void = () => undefined;

  constructor(position = 0) {
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  /** The furthest that somebody waits for; 0: nobody does. */
  get wanted(): number {
    return Math.max(0, ...this.#waiters.map(({ position }) => position));
  }

  /** Somebody keeps the views where they are, and must not be made to wait for them. */
  get isHeld(): boolean {
    return this.#heldCount > 0;
  }

  /** Called when somebody begins to wait. */
  set onWanted(wanted: () => void) {
    this.#onWanted = wanted;
  }

  async hold<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#heldCount++;
    try {
      return await work();
    } finally {
      this.#heldCount--;
    }
  }

  /** The views show everything up to here. They never go back. */
  advance(position: number): void {
    if (position <= this.#position) return;
    this.#position = position;
    const reached = this.#waiters.filter((waiter) => waiter.position <= position);
    this.#waiters = this.#waiters.filter((waiter) => waiter.position > position);
    for (const { resolve } of reached) resolve();
  }

  /**
   * Resolves when the views show everything up to a position.
   *
   * @throws StoreUnavailable  they do not within `msMax`
   */
  async reached(position: number, msMax: number): Promise<void> {
    if (position <= this.#position) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { position, resolve };
    this.#waiters.push(waiter);
    this.#onWanted();
    if (msMax === Number.POSITIVE_INFINITY) return promise;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
      const why = `the views are at ${this.#position} and not yet at ${position}`;
      late.reject(new StoreUnavailable(why));
    }, msMax);
    try {
      await Promise.race([promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
