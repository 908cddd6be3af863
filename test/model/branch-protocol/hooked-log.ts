import type { EventId } from '../../../src/domain/model.js';
import {
  EventLog,
  type AppendResult,
  type EventContext,
  type EventFilter,
  type StreamAppend,
} from '../../../src/ports/event-log.js';

type Work = () => Promise<void>;

/** A log on which something happens right before or right after a certain event, once. */
export class HookedLog extends EventLog {
  readonly #before = new Map<string, Work>();
  readonly #after = new Map<string, Work>();

  constructor(private readonly log: EventLog) {
    super();
  }

  /** Runs work before the next append that holds an event of this type. */
  before(type: string, work: Work): void {
    this.#before.set(type, work);
  }

  /** Runs work after it, before its caller hears of it; what work throws is what it hears. */
  after(type: string, work: Work): void {
    this.#after.set(type, work);
  }

  async append(
    appends: readonly StreamAppend[],
    context: EventContext,
  ): Promise<readonly AppendResult[]> {
    await run(this.#before, appends);
    const results = await this.log.append(appends, context);
    await run(this.#after, appends);
    return results;
  }

  read(
    stream: string,
    options: { from: number; direction: 'forward' | 'backward'; limit: number },
  ) {
    return this.log.read(stream, options);
  }

  find(stream: string, id: EventId) {
    return this.log.find(stream, id);
  }

  end(stream: string) {
    return this.log.end(stream);
  }

  readAll(options: { after: number; limit: number; filter?: EventFilter }) {
    return this.log.readAll(options);
  }

  subscribe(options: { after: number; signal: AbortSignal; filter?: EventFilter }) {
    return this.log.subscribe(options);
  }

  async close(): Promise<void> {}
}

async function run(hooks: Map<string, Work>, appends: readonly StreamAppend[]): Promise<void> {
  for (const { type } of appends.flatMap(({ events }) => events)) {
    const work = hooks.get(type);
    hooks.delete(type);
    await work?.();
  }
}
