import type { Jobs } from '../commands/jobs.js';
import type { Clock } from '../ports/clock.js';
import type { Worker } from './worker.js';

const LOOK_EVERY_MS = 2_000;

/** Looks now and then for jobs that nobody works on, and ends this node's at its stop. */
export class JobKeeper implements Worker {
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly jobs: Jobs,
    private readonly clock: Clock,
    private readonly onError: (error: unknown) => void,
  ) {}

  start(): void {
    this.#running = this.#loop();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.jobs.stop();
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.jobs.look();
      } catch (error) {
        // What could not be found now is found by the next look.
        if (!signal.aborted) this.onError(error);
      }
      await this.clock.sleep(LOOK_EVERY_MS, signal);
    }
  }
}
