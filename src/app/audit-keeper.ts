import type { Clock } from '../ports/clock.js';
import type { AuditBuilt, AuditIndex } from '../projections/audit/audit-index.js';
import type { Worker } from './worker.js';

export interface AuditKeeperOptions {
  /** Returns a clock for spans, in milliseconds. */
  readonly elapsedMs: () => number;
  /** Returns the part of the time that this process was at work since it was asked last, 0 to 1. */
  readonly busyPart: () => number;
  readonly onError: (error: unknown) => void;
}

/**
 * Keeps the index of the audit not far behind the log. It is in no hurry: who asks has what is
 * missing built first, so beside those who work it takes a hundredth of what they take; a tenth of
 * the time once it is so far behind that somebody who asks would wait.
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
    const { elapsedMs, onError } = this.options;
    const { signal } = this.#stopping;
    await this.clock.sleep(FIRST_MS, signal);
    while (!signal.aborted) {
      const beganAtMs = elapsedMs();
      let done = NOTHING;
      try {
        done = await this.index.buildSome();
      } catch (error) {
        if (!signal.aborted) onError(error);
      }
      const pauseMs =
        done.eventCount === 0 ? IDLE_MS : this.#pauses(done) * (elapsedMs() - beganAtMs);
      await this.clock.sleep(Math.max(LEAST_MS, Math.min(pauseMs, IDLE_MS)), signal);
    }
  }

  /** Returns how many times as long as a piece of work the pause behind it is. */
  #pauses({ behindCount }: AuditBuilt): number {
    const part = this.options.busyPart();
    if (part < QUIET_PART) return QUIET_PAUSES;
    return behindCount > BEHIND_MAX ? LATE_PAUSES : BUSY_PAUSES / part;
  }
}

/** What came up a moment ago has better things to do. */
const FIRST_MS = 5_000;
const IDLE_MS = 30_000;
const LEAST_MS = 20;
const QUIET_PART = 0.2;
const QUIET_PAUSES = 4;
const BUSY_PAUSES = 99;
const LATE_PAUSES = 9;
/** Events that are summed up in a few seconds. */
const BEHIND_MAX = 250_000;
const NOTHING: AuditBuilt = { eventCount: 0, behindCount: 0 };
