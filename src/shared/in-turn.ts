/**
 * Runs work of one key one after the other, in the order of asking.
 *
 * For sparing races inside this process; what is right must not depend on it.
 */
export class InTurn {
  readonly #last = new Map<string, Promise<unknown>>();

  async run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key);
    const mine = before === undefined ? work() : before.then(work, work);
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}

/** Runs work of one key once for all who ask while it runs. */
export class OnceAtATime {
  readonly #running = new Map<string, Promise<void>>();

  run(key: string, work: () => Promise<void>): Promise<void> {
    const running = this.#running.get(key);
    if (running) return running;
    const mine = work().finally(() => this.#running.delete(key));
    this.#running.set(key, mine);
    return mine;
  }
}
