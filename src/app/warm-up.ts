import type { Clock } from '../ports/clock.js';
import type { Worker } from './worker.js';

/**
 * What came up a moment ago has better things to do, and may not live for long. Once more behind
 * that, what then is compiled for good takes a large commit a quarter less CPU.
 */
const WAITS_MS = [5_000, 10_000];

/** Makes the threads that build ranges ready, a moment after the start. */
export class WarmUp implements Worker {
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly warmUp: (signal: AbortSignal) => Promise<void>,
    private readonly clock: Clock,
    private readonly onError: (error: unknown) => void,
  ) {}

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    try {
      for (const waitMs of WAITS_MS) {
        await this.clock.sleep(waitMs, signal);
        if (!signal.aborted) await this.warmUp(signal);
      }
    } catch (error) {
      if (!signal.aborted) this.onError(error);
    }
  }
}
