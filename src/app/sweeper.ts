import type { Clock } from '../ports/clock.js';
import type { Worker } from './worker.js';

export interface SweeperOptions {
  readonly everyMs: number;
  /** 0 … 1, so that several nodes do not sweep in step. */
  readonly jitter: () => number;
  readonly onError: (error: unknown) => void;
  /** A round came to its end. */
  readonly onDone: () => void;
}

/** What is done now and then. */
export interface SweepRound {
  run(): Promise<void>;
  /** Resolves when what a round has begun is over; left out: its rounds wait for all they begin. */
  idle?(): Promise<void>;
}

/** Sweeps now and then; at once at the start, for what a crash has left half done. */
export class Sweeper implements Worker {
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly sweeps: readonly SweepRound[],
    private readonly clock: Clock,
    private readonly options: SweeperOptions,
  ) {}

  start(): void {
    this.#running = this.#loop();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    for (const sweep of this.sweeps) await sweep.idle?.();
  }

  async #loop(): Promise<void> {
    const { everyMs, jitter, onError, onDone } = this.options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        for (const sweep of this.sweeps) await sweep.run();
        onDone();
      } catch (error) {
        // What could not be finished now is found again by the next round.
        if (!signal.aborted) onError(error);
      }
      await this.clock.sleep(everyMs * (0.75 + jitter() / 2), signal);
    }
  }
}
