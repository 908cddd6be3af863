import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, Pool } from 'pg';
import { EventLoader, type PreparedLoad } from '../../ports/event-loader.js';
import type { InlineProjection, StreamAppend } from '../../ports/event-log.js';
import {
  EventRefused,
  LogSealed,
  StoreUnavailable,
  UnknownOutcome,
} from '../../ports/store-errors.js';
import { assert } from '../../shared/assert.js';
import { pauseMs } from '../pause.js';
import type { Connect } from './connect.js';
import { failureOf, sealOf } from './failures.js';
import { freeLock } from './free-lock.js';
import { Line } from './line.js';
import { LoadBatch } from './load-batch.js';

export interface PostgresEventLoaderOptions {
  /** Opens the one connection of its own, when it is needed. */
  readonly connect: Connect;
  /** Of the log, which ends it. */
  readonly pool: Pool;
  readonly project: InlineProjection;
  /** The database found its data damaged: the process must stop, and say so. */
  readonly onFatal: (error: unknown) => void;
  /** How long a call waits for a database, or for what became of it. */
  readonly outcomeMsMax?: number;
}

/** Loads into Postgres: one statement, and so one transaction, for all events of a call. */
export class PostgresEventLoader extends EventLoader {
  readonly #line: Line;

  constructor(private readonly options: PostgresEventLoaderOptions) {
    super();
    this.#line = new Line(options.connect, 'load');
  }

  prepare(appends: readonly StreamAppend[]): LoadBatch | undefined {
    try {
      return LoadBatch.of(appends, this.options.project);
    } catch (error) {
      if (error instanceof EventRefused) return undefined;
      throw error;
    }
  }

  async load(prepared: PreparedLoad): Promise<boolean> {
    const { onFatal, outcomeMsMax = OUTCOME_MS_MAX } = this.options;
    assert(prepared instanceof LoadBatch, 'what is loaded was prepared here');
    const startedAtMs = performance.now();
    let isUnknown = false;
    for (let attempt = 0; ; attempt++) {
      let isSent = false;
      try {
        const client = await this.#line.client();
        isSent = true;
        return await this.#call(client, prepared.parameters);
      } catch (error) {
        const failure = isSent ? failureOf(error) : 'lost';
        if (failure === 'refused') return false;
        if (failure === 'fatal') onFatal(error);
        isUnknown ||= isSent && failure !== 'unavailable';
        const isLate = performance.now() - startedAtMs > outcomeMsMax;
        if (failure !== 'lost' || isLate) throw faultOf(error, isUnknown);
        await this.#line.hangUp();
        await sleep(pauseMs(attempt));
      }
    }
  }

  async close(): Promise<void> {
    await this.#line.hangUp();
  }

  async #call(client: Client, values: readonly unknown[]): Promise<boolean> {
    // A server that neither answers nor breaks the connection must not hold everybody for ever.
    const silence = setTimeout(() => void this.#line.hangUp(), SILENCE_MS_MAX);
    // Somebody may hold the lock, and be gone.
    const heldUp = setInterval(() => void freeLock(this.options.pool), HELD_UP_MS);
    try {
      const call = { name: 'load', text: LOAD, values: [...values] };
      const { rows } = await client.query<{ is: boolean }>(call);
      return rows[0]?.is === true;
    } finally {
      clearTimeout(silence);
      clearInterval(heldUp);
    }
  }
}

function faultOf(error: unknown, isUnknown: boolean): Error {
  const cause = { cause: error };
  if (isUnknown) return new UnknownOutcome('the database did not say what became of it', cause);
  const seal = sealOf(error);
  if (seal !== undefined) return new LogSealed(seal, cause);
  return new StoreUnavailable('the database cannot take events now', cause);
}

const LOAD = `SELECT load_events(${Array.from({ length: 27 }, (_, i) => `$${i + 1}`)}) AS is`;
const OUTCOME_MS_MAX = 10_000;
const HELD_UP_MS = 500;
/** Longer than a statement may take, so that the server is the first to give up. */
const SILENCE_MS_MAX = 20_000;
