import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailable } from '../../ports/store-errors.js';
import { pauseMs } from '../pause.js';
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
