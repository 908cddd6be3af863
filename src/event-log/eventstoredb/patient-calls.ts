import type { EventStoreDBClient } from '@eventstore/db-client';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailable } from '../../ports/store-errors.js';
import { pauseMs } from '../pause.js';
import { clientFailureOf } from './client-failures.js';
import type { ClientLine } from './client-line.js';

export interface PatientCallsOptions {
  readonly line: ClientLine;
  /** How long a call waits for a server. */
  readonly outcomeMsMax: number;
  readonly closing: AbortSignal;
}

/** Nobody has answered, or only who may not: the same call may be made again. */
export function isLost(error: unknown): boolean {
  const failure = clientFailureOf(error);
  return failure === 'lost' || failure === 'elsewhere';
}

/** Calls that are made again until the store says something. */
export class PatientCalls {
  constructor(private readonly options: PatientCallsOptions) {}

  /**
   * Runs a call, again if it is lost, until that took too long.
   *
   * @param options.msMax  of one sending; `failed` hears of each that failed
   * @param options.totalMsMax  of all of them, where it is not the limit of every call
   * @throws what the last one threw
   */
  async run<Result>(
    call: (client: EventStoreDBClient, alive: () => void) => Promise<Result>,
    options: { msMax: number; totalMsMax?: number; failed?: (error: unknown) => void },
  ): Promise<Result> {
    const { line, outcomeMsMax, closing } = this.options;
    const untilMs = performance.now() + (options.totalMsMax ?? outcomeMsMax);
    for (let attempt = 0; ; attempt++) {
      try {
        return await line.run(options.msMax, call);
      } catch (error) {
        options.failed?.(error);
        const isOver = performance.now() > untilMs || closing.aborted;
        if (isOver || !isLost(error)) throw error;
        await sleep(pauseMs(attempt));
      }
    }
  }

  /**
   * Collects a read; one that stands still for too long is begun again.
   *
   * @param options.orNothing  a stream that is not there, or was deleted, has no events
   * @throws StoreUnavailable
   */
  async collect<Resolved>(
    open: (client: EventStoreDBClient) => AsyncIterable<Resolved>,
    { orNothing = false } = {},
  ): Promise<readonly Resolved[]> {
    const read = async (client: EventStoreDBClient, alive: () => void) => {
      const found: Resolved[] = [];
      for await (const resolved of open(client)) {
        alive();
        found.push(resolved);
      }
      return found;
    };
    try {
      return await this.run(read, { msMax: SILENCE_MS_MAX });
    } catch (error) {
      const failure = clientFailureOf(error);
      if (orNothing && (failure === 'missing' || failure === 'gone')) return [];
      if (error instanceof StoreUnavailable || failure === 'refused') throw error;
      throw new StoreUnavailable('EventStoreDB does not answer', { cause: error });
    }
  }
}

const SILENCE_MS_MAX = 10_000;
