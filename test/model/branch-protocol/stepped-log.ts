import type { EventId } from '../../../src/domain/model.js';
import {
  EventLog,
  type AppendResult,
  type EventContext,
  type EventFilter,
  type RecordedEvent,
  type StreamAppend,
  type StreamEnd,
} from '../../../src/ports/event-log.js';
import { UnknownOutcome } from '../../../src/ports/store-errors.js';
import type { Scheduler } from './scheduler.js';
import { touchOfAppends, touchOfStream, unfailing } from './touches.js';
import { isAhead, OnTheWire } from './wire.js';

/**
 * What becomes of an append whose answer does not come.
 *
 * - `answer-lost`: it has landed.
 * - `late`: it lands some time later, or finds itself there.
 * - `lost`: it never does.
 */
export type Fate = 'answer-lost' | 'late' | 'lost';

export interface AppendFault {
  readonly fate: Fate;
  /** Its caller hears `UnknownOutcome`; else the same is sent again until there is an answer. */
  readonly isGivenUp: boolean;
}

export interface SteppedLogOptions {
  readonly node: string;
  readonly scheduler: Scheduler;
  /** Asked at each append; whether it was sent before what it stands behind is answered. */
  readonly fault: (isAhead: boolean) => AppendFault | undefined;
  /** What is sent after an unknown outcome; the same, unless a defect is planted. */
  readonly resent?: (appends: readonly StreamAppend[]) => readonly StreamAppend[];
}

/** A log as one node sees it: each call waits for its turn, and appends may fail. */
export class SteppedLog extends EventLog {
  constructor(
    protected readonly log: EventLog,
    protected readonly options: SteppedLogOptions,
  ) {
    super();
  }

  get groups() {
    return this.log.groups;
  }

  async append(
    appends: readonly StreamAppend[],
    context: EventContext,
  ): Promise<readonly AppendResult[]> {
    const { node, scheduler, resent = (same) => same } = this.options;
    const what = `append ${describe(appends)}`;
    const touch = () => touchOfAppends(appends, context);
    await scheduler.step(node, what, touch);
    const fault = this.options.fault(isAhead([{ appends, context }]));
    if (!fault) return this.log.append(appends, context);

    scheduler.trace.push(`  ${fault.fate}${fault.isGivenUp ? ', given up' : ''}`);
    const wire = new OnTheWire([{ appends, context }]);
    const lands = () => this.#lands(wire);
    if (fault.fate === 'answer-lost') await lands();
    if (fault.fate === 'late') {
      void scheduler
        .thread(`late ${what}`, () => scheduler.step('wire', 'lands', () => unfailing(touch())))
        .then(lands);
    }
    if (fault.isGivenUp) throw new UnknownOutcome('nobody said what became of it');
    await scheduler.step(node, `resend ${what}`, touch);
    return this.log.append(resent(appends), context);
  }

  async read(
    stream: string,
    options: { from: number; direction: 'forward' | 'backward'; limit: number },
  ): Promise<readonly RecordedEvent[]> {
    await this.#turn(`read ${stream}`, stream);
    return this.log.read(stream, options);
  }

  async find(stream: string, id: EventId): Promise<RecordedEvent | undefined> {
    await this.#turn(`find in ${stream}`, stream);
    return this.log.find(stream, id);
  }

  async end(stream: string): Promise<StreamEnd> {
    await this.#turn(`end of ${stream}`, stream);
    return this.log.end(stream);
  }

  async readAll(options: { after: number; limit: number; filter?: EventFilter }) {
    await this.#turn('read all');
    return this.log.readAll(options);
  }

  lastPosition() {
    return this.log.lastPosition();
  }

  subscribe(options: { after: number; signal: AbortSignal; filter?: EventFilter }) {
    return this.log.subscribe(options);
  }

  async close(): Promise<void> {}

  async #lands({ sendings }: OnTheWire): Promise<void> {
    for (const { appends, context } of sendings) {
      await this.log.append(appends, context).catch(unheard);
    }
  }

  #turn(what: string, stream?: string): Promise<void> {
    const touch = stream === undefined ? undefined : () => touchOfStream(stream);
    return this.options.scheduler.step(this.options.node, what, touch);
  }
}

/** What is said to somebody who has stopped listening. */
export const unheard = () => undefined;

export const describe = (appends: readonly StreamAppend[]): string =>
  appends
    .map(({ stream, expected, events }) => {
      const types = events.map(({ type }) => type).join(' ');
      return `${stream.replace(/-[0-9a-v]{20}/, '')} (${expected}) ${types}`;
    })
    .join(' + ');
