import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailable } from '../../ports/store-errors.js';
import { failureOf } from './failures.js';

/**
 * Runs a read until the database answers.
 *
 * @throws StoreUnavailable  it did not within `msMax`
 */
export async function retryRead<Result>(
  read: () => Promise<Result>,
  options: { msMax: number; signal?: AbortSignal; onFatal: (error: unknown) => void },
): Promise<Result> {
  const startedAtMs = performance.now();
  for (let attempt = 0; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      const failure = failureOf(error);
      if (failure === 'fatal') options.onFatal(error);
      if (failure === 'refused') throw error;
      const isOver = options.signal?.aborted === true || failure !== 'lost';
      if (isOver || performance.now() - startedAtMs > options.msMax) {
        throw new StoreUnavailable('the database does not answer', { cause: error });
      }
      await sleep(pauseMs(attempt));
    }
  }
}

/** Doubles up to a bound, and scatters, so that callers do not come back all at once. */
export function pauseMs(attempt: number): number {
  const pause = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** attempt);
  return pause * (0.5 + Math.random() / 2);
}

const PAUSE_MS_MIN = 10;
const PAUSE_MS_MAX = 500;
