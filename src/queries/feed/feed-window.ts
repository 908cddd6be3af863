import { lowerBound } from '../../shared/lower-bound.js';
import type { FeedFilter } from './feed-filter.js';
import type { FeedEvent } from './told-event.js';

/** What a consumer gets next: the bytes of some events, and how far it has come with them. */
export interface FeedChunk {
  /** Undefined: there is nothing for it up to there. */
  readonly bytes: Uint8Array | undefined;
  readonly eventCount: number;
  /** A position; everything up to it was looked at. */
  readonly until: number;
}

export interface WindowLimits {
  readonly eventsMax: number;
  readonly bytesMax: number;
  /** Of one chunk; an event that is larger goes alone. */
  readonly chunkBytesMax: number;
}

/**
 * The newest events of the log, kept once for all consumers.
 *
 * All events behind `from`, up to `last`, are in it; so whoever stands at a position between may go
 * on from here, and whoever stands before reads the log.
 */
export class FeedWindow {
  #events: FeedEvent[] = [];
  #bytes = 0;
  #from: number;
  #last: number;

  /** @param after  the position that the events which are added come behind */
  constructor(
    private readonly limits: WindowLimits,
    after: number,
  ) {
    this.#from = after;
    this.#last = after;
  }

  get last(): number {
    return this.#last;
  }

  get sizeBytes(): number {
    return this.#bytes;
  }

  /** Whether one who stands there can go on from the window. */
  reaches(position: number): boolean {
    return position >= this.#from;
  }

  /** @param event  the next one of the log */
  add(event: FeedEvent): void {
    this.#events.push(event);
    this.#bytes += event.bytes.length;
    this.#last = event.position;
    const { eventsMax, bytesMax } = this.limits;
    if (this.#events.length > 2 * eventsMax || this.#bytes > 2 * bytesMax) this.#trim();
  }

  /** Returns what comes next for one who stands there, or undefined: it must read the log. */
  take(filter: FeedFilter, position: number): FeedChunk | undefined {
    if (!this.reaches(position)) return undefined;
    return chunkOf(this.#events, filter, {
      begin: this.#indexAfter(position),
      covered: Math.max(position, this.#last),
      bytesMax: this.limits.chunkBytesMax,
    });
  }

  /** Half at a time, so that an event is moved once and not at every other one's coming. */
  #trim(): void {
    const { eventsMax, bytesMax } = this.limits;
    let gone = 0;
    while (this.#events.length - gone > eventsMax || this.#bytes > bytesMax) {
      const event = this.#events[gone];
      if (event === undefined) break;
      gone++;
      this.#bytes -= event.bytes.length;
      this.#from = event.position;
    }
    this.#events = this.#events.slice(gone);
  }

  #indexAfter(position: number): number {
    const isSeen = (at: number) => (this.#events[at]?.position ?? 0) <= position;
    return lowerBound({ to: this.#events.length }, isSeen);
  }
}

/**
 * Returns as many of the events as one chunk holds, at least one of those that the filter takes.
 *
 * @param covered  up to here there is nothing that is not among the events
 */
export function chunkOf(
  events: readonly FeedEvent[],
  filter: FeedFilter,
  { begin, covered, bytesMax }: { begin: number; covered: number; bytesMax: number },
): FeedChunk {
  const taken: Uint8Array[] = [];
  let bytes = 0;
  for (let at = begin; at < events.length; at++) {
    const event = events[at];
    if (event === undefined || !filter.takes(event)) continue;
    if (taken.length > 0 && bytes + event.bytes.length > bytesMax) {
      return chunk(taken, events[at - 1]?.position ?? covered);
    }
    taken.push(event.bytes);
    bytes += event.bytes.length;
  }
  return chunk(taken, covered);
}

function chunk(taken: readonly Uint8Array[], until: number): FeedChunk {
  const bytes = taken.length > 1 ? Buffer.concat(taken) : taken[0];
  return { bytes, eventCount: taken.length, until };
}
