/** Tells everyone who waits that there may be something new. Remembers nothing. */
export class Wake {
  #waiting = Promise.withResolvers<void>();

  /** Resolves at the next `all`. Ask for it before looking, or what comes between is missed. */
  next(): Promise<void> {
    return this.#waiting.promise;
  }

  all(): void {
    const { resolve } = this.#waiting;
    this.#waiting = Promise.withResolvers<void>();
    resolve();
  }
}
