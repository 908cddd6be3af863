import { BACKWARDS, END, FORWARDS, type AllStreamResolvedEvent } from '@eventstore/db-client';
import { READ_EVENTS_MAX } from '../../ports/event-log.js';
import { positionOf, type FeedItem } from './all-feed.js';
import type { PatientCalls } from './patient-calls.js';
import { isSystems, toNumber } from './stored-event.js';

interface Passed {
  /** Every record up to here was looked at. */
  readonly until: number;
  /** The last of them that is no system's. */
  readonly last: number;
}

/**
 * Where the log ends, asked of the store each time. What was looked at once is not looked at again:
 * nothing is ever added before it, and a store that nobody writes to still writes for itself.
 */
export class LogEnd {
  #passed: Passed | undefined;

  constructor(private readonly calls: PatientCalls) {}

  /** A feed of all events has come so far. */
  passed({ position, event }: FeedItem): void {
    if (this.#passed) this.#pass({ until: position, last: event ? position : 0 });
  }

  /** @returns `after` when no event that is no system's, and is of these streams, is behind it */
  async lastPosition(after: number, prefixes?: readonly string[]): Promise<number> {
    if (prefixes) return (await this.#backwards(after, prefixes)).last;
    if (!this.#passed) this.#pass(await this.#backwards(after));
    else await this.#forwards();
    return Math.max(after, this.#passed?.last ?? 0);
  }

  /** Returns the position of the last record, whoever's it is; 0 of an empty log. */
  async lastRecord(): Promise<number> {
    const [last] = await this.#read({ direction: BACKWARDS, fromPosition: END, maxCount: 1 });
    return last?.event ? toNumber(last.event.position.commit) : 0;
  }

  #pass({ until, last }: Passed): void {
    const before = this.#passed ?? { until: 0, last: 0 };
    this.#passed = { until: Math.max(before.until, until), last: Math.max(before.last, last) };
  }

  async #forwards(): Promise<void> {
    for (let count = FEW; ; count = READ_EVENTS_MAX) {
      const { until } = this.#passed ?? { until: 0 };
      const fromPosition = positionOf(until);
      const found = await this.#read({ direction: FORWARDS, fromPosition, maxCount: count });
      for (const { event } of found) {
        if (!event) continue;
        const at = toNumber(event.position.commit);
        this.#pass({ until: at, last: isSystems(event) ? 0 : at });
      }
      if (found.length < count) return;
    }
  }

  async #backwards(after: number, prefixes?: readonly string[]): Promise<Passed> {
    let until: number | undefined;
    for (let from: number | undefined, count = 1; ; count = READ_EVENTS_MAX) {
      const fromPosition = from === undefined ? END : positionOf(from);
      const found = await this.#read({ direction: BACKWARDS, fromPosition, maxCount: count });
      for (const { event } of found) {
        if (!event) continue;
        from = toNumber(event.position.commit);
        until ??= from;
        if (from <= after) return { until, last: after };
        const isAsked = prefixes?.some((prefix) => event.streamId.startsWith(prefix)) ?? true;
        if (isAsked && !isSystems(event)) return { until, last: from };
      }
      if (found.length < count) return { until: until ?? 0, last: after };
    }
  }

  #read(options: {
    direction: typeof BACKWARDS | typeof FORWARDS;
    fromPosition: typeof END | ReturnType<typeof positionOf>;
    maxCount: number;
  }): Promise<readonly AllStreamResolvedEvent[]> {
    return this.calls.collect((client) => client.readAll({ ...options, requiresLeader: true }));
  }
}

/** The record that was the last one, and a few that came since. */
const FEW = 32;
