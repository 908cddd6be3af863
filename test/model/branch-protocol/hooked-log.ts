import type { AppendResult, EventContext, StreamAppend } from '../../../src/ports/event-log.js';
import { ForwardingLog } from './forwarding-log.js';

type Work = () => Promise<void>;

/** A log on which something happens right before or right after a certain event, once. */
export class HookedLog extends ForwardingLog {
  readonly #before = new Map<string, Work>();
  readonly #after = new Map<string, Work>();

  /** Runs work before the next append that holds an event of this type. */
  before(type: string, work: Work): void {
    this.#before.set(type, work);
  }

  /** Runs work after it, before its caller hears of it; what work throws is what it hears. */
  after(type: string, work: Work): void {
    this.#after.set(type, work);
  }

  /** Nothing that is asked from here on is ever answered. */
  die(): void {
    this.log = new Proxy(this.log, { get: () => () => new Promise(() => undefined) });
  }

  override async append(
    appends: readonly StreamAppend[],
    context: EventContext,
  ): Promise<readonly AppendResult[]> {
    await run(this.#before, appends);
    const results = await this.log.append(appends, context);
    await run(this.#after, appends);
    return results;
  }
}

async function run(hooks: Map<string, Work>, appends: readonly StreamAppend[]): Promise<void> {
  for (const { type } of appends.flatMap(({ events }) => events)) {
    const work = hooks.get(type);
    hooks.delete(type);
    await work?.();
  }
}
