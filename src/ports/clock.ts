/** Time, for those who may ask for it. */
export abstract class Clock {
  /** UTC, epoch. */
  abstract nowMs(): number;

  /** Resolves after `ms`, or at once when `signal` aborts. */
  abstract sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
