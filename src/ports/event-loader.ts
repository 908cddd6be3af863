import type { StreamAppend } from './event-log.js';

/** Appends on their way into a log, checked and encoded by the loader that takes them. */
export abstract class PreparedLoad {}

/**
 * Writes long runs of recorded events into a log that stands where they begin: what `append` does,
 * at a fraction of its cost, since nothing is asked of each event. Whatever it does not take goes
 * by `append`, which says why.
 */
export abstract class EventLoader {
  /**
   * Checks and encodes appends of recorded events, each behind an exact revision, in the order in
   * which they are to stand; {@link LOAD_EVENTS_MAX} events at most in all.
   *
   * @returns undefined: of one of the streams they are no unbroken run, or one that `append` too
   *   would refuse is among them
   */
  abstract prepare(appends: readonly StreamAppend[]): PreparedLoad | undefined;

  /**
   * Writes all of them, and what the views take of them, or nothing.
   *
   * @returns false: a stream does not end where they begin, or the store does not take one of them
   * @throws UnknownOutcome  the store did not answer
   * @throws StoreUnavailable  nothing was written
   */
  abstract load(prepared: PreparedLoad): Promise<boolean>;
}

export const LOAD_EVENTS_MAX = 4000;
