import type { Clock } from '../ports/clock.js';
import type { AuditIndex } from '../projections/audit/audit-index.js';
import type { Worker } from './worker.js';

export interface AuditKeeperOptions {
  /** Returns a clock for spans, in milliseconds. */
  readonly elapsedMs: () => number;
  /** Returns whether requests are being answered right now. */
  readonly isBusy: () => boolean;
  readonly onError: (error: unknown) => void;
}

/**
 * Keeps the index of the audit not far behind the log. It is in no hurry: who asks has what is
 * missing built first, so beside those who work it takes a hundredth of a core and not more.
 */
export class AuditKeeper implements Worker {
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly index: Pick<AuditIndex, 'buildSome'>,
    private readonly clock: Clock,
    private readonly options: AuditKeeperOptions,
  ) {}

  start(): void {
    this.#running = this.#loop();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #loop(): Promise<void> {
    const { elapsedMs, isBusy, onError } = this.options;
    const { signal } = this.#stopping;
    await this.clock.sleep(FIRST_MS, signal);
    while (!signal.aborted) {
      const beganAtMs = elapsedMs();
      let eventCount = 0;
      try {
        eventCount = await this.index.buildSome();
      } catch (error) {
        if (!signal.aborted) onError(error);
      }
      const tookMs = elapsedMs() - beganAtMs;
      const pauseMs = eventCount === 0 ? IDLE_MS : tookMs * (isBusy() ? BUSY_PAUSES : QUIET_PAUSES);
      await this.clock.sleep(Math.max(LEAST_MS, pauseMs), signal);
    }
  }
}

/** What came up a moment ago has better things to do. */
const FIRST_MS = 5_000;
const IDLE_MS = 30_000;
const LEAST_MS = 20;
/** Pauses as long as the work itself, after each piece of it. */
const BUSY_PAUSES = 99;
const QUIET_PAUSES = 4;
