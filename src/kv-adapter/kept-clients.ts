import type { Pool, PoolClient } from 'pg';

/** Where connections come from, and go back to. */
export interface Clients {
  take(): PoolClient | Promise<PoolClient>;
  /** @param isBroken  it is of no use to anybody any more */
  giveBack(client: PoolClient, isBroken: boolean): void;
}

export const clientsOf = (pool: Pool): Clients => ({
  take: () => pool.connect(),
  giveBack: (client, isBroken) => client.release(isBroken),
});

/**
 * Connections of a pool that are kept for the next one who reads: the pool itself sets two timers
 * and makes two promises each time.
 *
 * They go back to it each second, so it still closes what is idle for long.
 */
export class KeptClients implements Clients {
  readonly #idle: PoolClient[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isEnded = false;

  constructor(private readonly pool: Pool) {}

  take(): PoolClient | Promise<PoolClient> {
    return this.#idle.pop() ?? this.pool.connect();
  }

  giveBack(client: PoolClient, isBroken: boolean): void {
    if (isBroken || this.#isEnded) return client.release(isBroken);
    this.#idle.push(client);
    this.#timer ??= setTimeout(() => this.#empty(), KEPT_MS).unref();
  }

  /** To be called before the pool is ended, which waits for all that it has lent. */
  end(): void {
    this.#isEnded = true;
    this.#empty();
  }

  #empty(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const client of this.#idle.splice(0)) client.release();
  }
}

const KEPT_MS = 1_000;
