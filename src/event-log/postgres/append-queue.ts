import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { AppendResult } from '../../ports/event-log.js';
import {
  EventRefused,
  LogSealed,
  StoreUnavailable,
  UnknownOutcome,
} from '../../ports/store-errors.js';
import { assert, InvariantError } from '../../shared/assert.js';
import { failpoint } from '../../shared/failpoint.js';
import { markAccepted, type PreparedGroup } from '../prepare-group.js';
import { Batch, verdictsOf, type Verdict } from './batch.js';
import { failureOf, isUniqueViolation, sealOf } from './failures.js';
import type { Line } from './line.js';
import { oneAnswer } from './one-answer.js';
import { pauseMs } from '../pause.js';
import { WholeBatch } from './whole-batch.js';

interface Waiting {
  readonly group: PreparedGroup;
  readonly queuedAtMs: number;
  readonly resolve: (results: readonly AppendResult[]) => void;
  readonly reject: (error: Error) => void;
  /** What the watcher wants to know again when it is sent. */
  readonly mark: unknown;
}

/** What goes in one call. */
interface Flight {
  readonly batch: Batch;
  readonly waiting: readonly Waiting[];
}

/** What each group is told, or why nobody can be told anything. */
type Verdicts = readonly Verdict[] | InvariantError;

export interface AppendQueueOptions {
  readonly line: Line;
  /** After each call that may have written something. */
  readonly onAppended: () => void;
  /** Called again and again while a call takes long: somebody may hold the lock, and be gone. */
  readonly onHeldUp?: () => void;
  /** The database is damaged; the process must stop. */
  readonly onFatal: (error: unknown) => void;
  /** How long an append waits for a database, or for what became of it. */
  readonly outcomeMsMax?: number;
  readonly watcher?: AppendWatcher;
}

/** Hears of each call to the database. Must not throw, and must be quick. */
export interface AppendWatcher {
  /** Called for each append that is to wait; what it returns is handed back to `sent`. */
  mark(): unknown;
  /** Called when a call goes out. @returns to be called when its answer is there, or none comes */
  sent(marks: readonly unknown[]): (outcome: 'done' | 'failed') => void;
}

/**
 * Group commit: whatever queued while the last call was in flight goes in the next one. There is
 * no timer, so an append that is alone goes at once.
 */
export class AppendQueue {
  readonly #options: AppendQueueOptions;
  readonly #outcomeMsMax: number;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | undefined;
  #endedBy: string | undefined;

  constructor(options: AppendQueueOptions) {
    this.#options = options;
    this.#outcomeMsMax = options.outcomeMsMax ?? OUTCOME_MS_MAX;
  }

  append(group: PreparedGroup): Promise<readonly AppendResult[]> {
    if (this.#endedBy !== undefined) throw new StoreUnavailable(this.#endedBy);
    if (this.#waiting.length >= WAITING_MAX || this.#waitingBytes > WAITING_BYTES_MAX) {
      throw new StoreUnavailable('too many appends wait');
    }
    return new Promise((resolve, reject) => {
      this.#waitingBytes += group.sizeBytes;
      const mark = this.#options.watcher?.mark();
      this.#waiting.push({ group, queuedAtMs: performance.now(), resolve, reject, mark });
      this.#running ??= this.#run();
    });
  }

  /** Answers everything that waits, then ends. */
  async close(): Promise<void> {
    this.#endedBy ??= 'the log is closed';
    await this.#running;
  }

  async #run(): Promise<void> {
    // What has come in already and is only to be looked at goes into the first call too.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      while (this.#waiting.length > 0) await this.#settle(this.#take());
    } finally {
      this.#running = undefined;
    }
  }

  #take(): Flight {
    const batch = new Batch();
    let count = 0;
    for (const { group } of this.#waiting) {
      if (!batch.takes(group)) break;
      count++;
    }
    return { batch, waiting: this.#remove(count) };
  }

  #remove(count: number): readonly Waiting[] {
    const removed = this.#waiting.splice(0, count);
    for (const { group } of removed) this.#waitingBytes -= group.sizeBytes;
    return removed;
  }

  /** Sends a batch until it is known what became of it, or until that took too long. */
  async #settle(flight: Flight): Promise<void> {
    let isUnknown = false;
    let sentAtMs: number | undefined;
    for (let attempt = 0; ; attempt++) {
      let client: Client | undefined;
      try {
        client = await this.#options.line.client();
        sentAtMs ??= performance.now();
        tell(flight.waiting, await this.#call(client, flight, { isFirst: attempt === 0 }));
        return this.#options.onAppended();
      } catch (error) {
        // Who is not let in has heard nothing of the batch.
        const failure = client && failureOf(error);
        if (failure === 'fatal') return this.#stop(flight, error);
        if (failure === 'unavailable') return giveUp(flight.waiting, { error, isUnknown });
        if (failure === 'refused') {
          // Refused now, it may have been taken before.
          if (isUnknown) return giveUp(flight.waiting, { error, isUnknown });
          return this.#bisect(flight, error);
        }
        isUnknown ||= client !== undefined;
        if (this.#isTooLate(flight, sentAtMs)) return giveUp(flight.waiting, { error, isUnknown });
        await this.#options.line.hangUp();
        this.#expire();
        await sleep(pauseMs(attempt));
      }
    }
  }

  async #call(
    client: Client,
    { batch, waiting }: Flight,
    { isFirst }: { isFirst: boolean },
  ): Promise<Verdicts> {
    // A server that neither answers nor breaks the connection must not hold everybody for ever.
    const silence = setTimeout(() => void this.#options.line.hangUp(), SILENCE_MS_MAX);
    const heldUp = setInterval(() => this.#options.onHeldUp?.(), HELD_UP_MS);
    const watched = this.#options.watcher?.sent(waiting.map(({ mark }) => mark));
    let outcome: 'done' | 'failed' = 'failed';
    try {
      const groups = waiting.map(({ group }) => group);
      const whole = isFirst ? WholeBatch.of(groups) : undefined;
      const verdicts =
        (whole && (await askWhole(client, whole))) ?? (await ask(client, batch, groups));
      outcome = 'done';
      await failpoint('append.afterAnswer');
      return verdicts;
    } finally {
      clearTimeout(silence);
      clearInterval(heldUp);
      watched?.(outcome);
    }
  }

  /** Nothing of the batch was written: what was wrong is in one of its halves. */
  async #bisect({ waiting }: Flight, error: unknown): Promise<void> {
    if (waiting.length === 1) {
      const refusal = new EventRefused('the database cannot take this append', { cause: error });
      waiting[0]?.reject(refusal);
      return;
    }
    const middle = waiting.length >>> 1;
    for (const half of [waiting.slice(0, middle), waiting.slice(middle)]) {
      const batch = new Batch();
      for (const { group } of half) assert(batch.takes(group), 'half a batch is a batch');
      await this.#settle({ batch, waiting: half });
    }
  }

  #stop({ waiting }: Flight, error: unknown): void {
    this.#endedBy = 'the database is damaged';
    giveUp(waiting, { error, isUnknown: true });
    giveUp(this.#remove(this.#waiting.length), { error, isUnknown: false });
    this.#options.onFatal(error);
  }

  #isTooLate({ waiting }: Flight, sentAtMs: number | undefined): boolean {
    const sinceMs = sentAtMs ?? waiting[0]?.queuedAtMs ?? 0;
    return performance.now() - sinceMs > this.#outcomeMsMax;
  }

  /** Answers what has waited too long behind a batch that nobody can send. */
  #expire(): void {
    const beforeMs = performance.now() - this.#outcomeMsMax;
    const fresh = this.#waiting.findIndex(({ queuedAtMs }) => queuedAtMs > beforeMs);
    const late = this.#remove(fresh < 0 ? this.#waiting.length : fresh);
    giveUp(late, { error: undefined, isUnknown: false });
  }
}

/**
 * Sends a batch of which nothing needs a judgement of its own.
 *
 * @returns undefined: nothing was written, as something of it would be refused or is known
 */
async function askWhole(client: Client, batch: WholeBatch): Promise<Verdicts | undefined> {
  await failpoint('append.beforeSend');
  const call = { name: 'append-whole', text: APPEND_WHOLE, values: batch.parameters() };
  const answered = oneAnswer(client, call);
  try {
    const [answer] = await Promise.all([answered, failpoint('append.afterSend')]);
    return answer === undefined ? undefined : readable(answer, (of) => batch.verdicts(of));
  } catch (error) {
    if (isUniqueViolation(error)) return undefined;
    throw error;
  }
}

/** Sends a batch of which each group is judged alone. */
async function ask(
  client: Client,
  batch: Batch,
  groups: readonly PreparedGroup[],
): Promise<Verdicts> {
  await failpoint('append.beforeSend');
  const call = { name: 'append', text: APPEND, values: batch.parameters(groups) };
  const answered = client.query<{ answer: string }>(call);
  const [{ rows }] = await Promise.all([answered, failpoint('append.afterSend')]);
  return readable(rows[0]?.answer ?? '', (answer) => verdictsOf(groups, answer));
}

function readable(
  answer: string,
  read: (answer: readonly number[]) => readonly Verdict[],
): Verdicts {
  try {
    return read(answer.slice(1, -1).split(',').map(Number));
  } catch (error) {
    // The events are in, and this program cannot read where: nobody may wait for ever.
    assert(error instanceof InvariantError, 'only an assertion fails here');
    return error;
  }
}

function tell(waiting: readonly Waiting[], verdicts: Verdicts): void {
  for (const [index, { group, resolve, reject }] of waiting.entries()) {
    const verdict = verdicts instanceof Error ? verdicts : verdicts[index];
    const isNew = Array.isArray(verdict) && verdict.every(({ isRepeated }) => !isRepeated);
    if (isNew) markAccepted(group);
    if (verdict instanceof Error) reject(verdict);
    else if (verdict) resolve(verdict);
  }
}

function giveUp(
  waiting: readonly Waiting[],
  because: { error: unknown; isUnknown: boolean },
): void {
  const cause = { cause: because.error };
  const seal = sealOf(because.error);
  for (const { reject } of waiting) {
    if (because.isUnknown) {
      reject(new UnknownOutcome('the database did not say what became of an append', cause));
    } else if (seal !== undefined) {
      reject(new LogSealed(seal, cause));
    } else {
      reject(new StoreUnavailable('the database cannot take an append now', cause));
    }
  }
}

const parameters = (count: number) => Array.from({ length: count }, (_, i) => `$${i + 1}`);
const APPEND = `SELECT append_batch(${parameters(32)})::text AS answer`;
const APPEND_WHOLE = `SELECT append_whole(${parameters(23)})::text AS answer`;
/** Bounded, so that an outage costs memory once and every caller hears of it. */
const WAITING_MAX = 20_000;
const WAITING_BYTES_MAX = 128 * 1024 * 1024;
const OUTCOME_MS_MAX = 10_000;
const HELD_UP_MS = 500;
/** Longer than a statement may take, so that the server is the first to give up. */
const SILENCE_MS_MAX = 20_000;
