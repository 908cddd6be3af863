import type {
  KeyedEvent,
  OutgoingEvent,
  SingleStreamStore,
} from '../../../src/event-log/single-stream-store.js';
import type { EventFilter } from '../../../src/ports/event-log.js';
import { UnknownOutcome } from '../../../src/ports/store-errors.js';
import type { Scheduler } from './scheduler.js';
import { ALL_EVENTS, touchOfEvents, touchOfStream, unfailing } from './touches.js';
import type { AppendFault } from './stepped-log.js';

export interface SteppedStreamsOptions {
  readonly node: string;
  readonly scheduler: Scheduler;
  /** Asked at each append. */
  readonly fault: () => AppendFault | undefined;
  /** Resolves when the views show what has landed up to a position: nothing is given out before. */
  readonly shown?: ((position: number) => Promise<void>) | undefined;
}

/** A store of single streams as one node sees it: each call waits for its turn. */
export class SteppedStreams implements SingleStreamStore {
  constructor(
    private readonly store: SingleStreamStore,
    private readonly options: SteppedStreamsOptions,
  ) {}

  async appendAt(stream: string, revision: number, events: readonly OutgoingEvent[]) {
    const { node, scheduler } = this.options;
    const types = events.map(({ type }) => type).join(' ');
    const what = `append ${short(stream)} (${revision}) ${types}`;
    const touch = () => touchOfEvents(stream, events);
    await scheduler.step(node, what, touch);
    const append = () => this.store.appendAt(stream, revision, events);
    const fault = this.options.fault();
    if (!fault) return append();

    scheduler.trace.push(`  ${fault.fate}`);
    if (fault.fate === 'answer-lost') await append().catch(unheard);
    if (fault.fate === 'late') {
      const lands = () => append().catch(unheard);
      const wire = () => scheduler.step('wire', 'lands', () => unfailing(touch()));
      void scheduler.thread(`late ${what}`, wire).then(lands);
    }
    throw new UnknownOutcome('nobody said what became of it');
  }

  async read(
    stream: string,
    options: { from: number; direction: 'forward' | 'backward'; limit: number },
  ): Promise<readonly KeyedEvent[]> {
    const touch = () => touchOfStream(stream);
    await this.options.scheduler.step(this.options.node, `read ${short(stream)}`, touch);
    return this.#shown(await this.store.read(stream, options));
  }

  async readAll(options: { after: number; limit: number; filter?: EventFilter }) {
    await this.options.scheduler.step(this.options.node, 'read all');
    return this.#shown(await this.store.readAll(options));
  }

  async lastPosition(after: number) {
    await this.options.scheduler.step(this.options.node, 'end of all', () => ALL_EVENTS);
    return this.store.lastPosition(after);
  }

  subscribe(options: { after: number; signal: AbortSignal; filter?: EventFilter }) {
    return this.store.subscribe(options);
  }

  async close(): Promise<void> {}

  async #shown<Event extends { readonly position: number }>(
    events: readonly Event[],
  ): Promise<readonly Event[]> {
    await this.options.shown?.(Math.max(0, ...events.map(({ position }) => position)));
    return events;
  }
}

const short = (stream: string): string => stream.replace(/-[0-9a-v]{20}/, '');

/** What is said to somebody who has stopped listening. */
const unheard = () => undefined;
