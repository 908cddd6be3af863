import type { AppendResult, EventContext, StreamAppend } from '../../../src/ports/event-log.js';
import { UnknownOutcome } from '../../../src/ports/store-errors.js';
import { describe, SteppedLog, unheard } from './stepped-log.js';
import { isAhead, OnTheWire, type Sending } from './wire.js';

interface Waiting extends Sending {
  readonly resolve: (results: readonly AppendResult[]) => void;
  readonly reject: (error: unknown) => void;
}

type Told = PromiseSettledResult<readonly AppendResult[]>;

/**
 * A log that a node sends one call at a time, as it does to a database: whatever came while the
 * last one was on its way goes in the next, in the order in which it came. So what gets no answer
 * gets none together, lands together, late too, and is sent again together.
 */
export class BatchedLog extends SteppedLog {
  readonly #waiting: Waiting[] = [];
  #isRunning = false;

  override append(
    appends: readonly StreamAppend[],
    context: EventContext,
  ): Promise<readonly AppendResult[]> {
    const { node, scheduler } = this.options;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ appends, context, resolve, reject });
      if (this.#isRunning) return;
      this.#isRunning = true;
      void scheduler.thread(`${node} appends`, () => this.#run());
    });
  }

  async #run(): Promise<void> {
    const { node, scheduler } = this.options;
    while (this.#waiting.length > 0) {
      await scheduler.step(node, 'sends');
      const batch = this.#waiting.splice(0);
      const told = await this.#settle(batch);
      for (const [at, { resolve, reject }] of batch.entries()) {
        const one = told?.[at];
        if (one?.status === 'fulfilled') resolve(one.value);
        else reject(one ? one.reason : new UnknownOutcome('nobody said what became of it'));
      }
    }
    this.#isRunning = false;
  }

  /** Returns what each is told; undefined: nobody said. */
  async #settle(batch: readonly Sending[]): Promise<readonly Told[] | undefined> {
    const { node, scheduler, fault: faultOf, resent = (same) => same } = this.options;
    const what = `append ${batch.map(({ appends }) => describe(appends)).join(' | ')}`;
    const wire = new OnTheWire(batch);
    await scheduler.step(node, what);
    const fault = faultOf(isAhead(batch));
    if (!fault) return this.#lands(wire);

    scheduler.trace.push(`  ${fault.fate}${fault.isGivenUp ? ', given up' : ''}`);
    if (fault.fate === 'answer-lost') await this.#judged(wire);
    if (fault.fate === 'late') {
      const arrives = () => scheduler.step('wire', 'lands');
      void scheduler.thread(`late ${what}`, arrives).then(() => this.#judged(wire), unheard);
    }
    if (fault.isGivenUp) return undefined;
    const again = batch.map(({ appends, context }) => ({ appends: resent(appends), context }));
    const second = new OnTheWire(again);
    await scheduler.step(node, `resend ${what}`);
    return this.#lands(second);
  }

  async #lands(wire: OnTheWire): Promise<readonly Told[]> {
    const told = await this.#judged(wire);
    wire.heard();
    return told;
  }

  /** One behind the other, with nothing of anybody else's between. */
  async #judged({ sendings }: OnTheWire): Promise<readonly Told[]> {
    const told: Told[] = [];
    for (const { appends, context } of sendings) {
      told.push(...(await Promise.allSettled([this.log.append(appends, context)])));
    }
    return told;
  }
}
