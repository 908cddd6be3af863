import { guardKeyOf } from '../../domain/event-types.js';
import type { EventContext, NewEvent, RecordedEvent, StreamAppend } from '../../ports/event-log.js';
import { uidOfStream } from './scope.js';

/**
 * Returns appends that write recorded events again, each at the revision that it had and with what
 * stood on it: neighbours of one stream together.
 */
export function toAppends(events: readonly RecordedEvent[], eventsMax: number): StreamAppend[] {
  const runs: RecordedEvent[][] = [];
  for (const event of events) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run && last && run.length < eventsMax && belongTogether(last, event)) run.push(event);
    else runs.push([event]);
  }
  return runs.map(appendOf);
}

/** Appends that go one behind the other. */
export type Chain = readonly StreamAppend[];

/**
 * Returns the same as {@link toAppends} for a log that takes one append of a stream at a time and
 * does not keep the order of calls: waves, one behind the other, of chains that may go side by
 * side,
 * since what happens in one repository has nothing to do with another. Within a chain objects that
 * are staged in different tokens may change places.
 */
export function toWaves(events: readonly RecordedEvent[], eventsMax: number): Chain[][] {
  const waves: Chain[][] = [];
  let chains = new Map<string, ChainBuilder>();
  const end = () => {
    const wave = [...chains.values()].map((chain) => chain.build());
    if (wave.length > 0) waves.push(wave);
    chains = new Map();
  };
  for (const event of events) {
    const uid = uidOfStream(event.stream);
    if (uid === undefined) {
      end();
      waves.push([toAppends([event], eventsMax)]);
      continue;
    }
    const chain = chains.get(uid) ?? new ChainBuilder(eventsMax);
    chains.set(uid, chain);
    chain.add(event);
  }
  end();
  return waves;
}

class ChainBuilder {
  readonly #appends: StreamAppend[] = [];
  #free = new Map<string, RecordedEvent[]>();

  constructor(private readonly eventsMax: number) {}

  add(event: RecordedEvent): void {
    if (FREE_TYPES.has(event.type)) {
      const run = this.#free.get(event.stream);
      if (run) run.push(event);
      else this.#free.set(event.stream, [event]);
      return;
    }
    this.#flush();
    this.#appends.push(...toAppends([event], this.eventsMax));
  }

  build(): Chain {
    this.#flush();
    return this.#appends;
  }

  #flush(): void {
    for (const run of this.#free.values()) this.#appends.push(...toAppends(run, this.eventsMax));
    this.#free = new Map();
  }
}

/** What they write into the views is of their own token alone. */
const FREE_TYPES: ReadonlySet<string> = new Set(['ObjectStaged', 'ObjectUnstaged']);

function belongTogether(last: RecordedEvent, next: RecordedEvent): boolean {
  return next.stream === last.stream && next.revision === last.revision + 1;
}

function appendOf(run: readonly RecordedEvent[]): StreamAppend {
  const [first] = run as [RecordedEvent, ...RecordedEvent[]];
  const { stream, revision } = first;
  return { stream, expected: revision - 1, events: run.map(newEventOf) };
}

function newEventOf(event: RecordedEvent): NewEvent {
  const { id, type, version, data, closes } = event;
  const key = guardKeyOf(event);
  return {
    id,
    type,
    version,
    data,
    ...(closes && { closes }),
    ...(key && { key }),
    recorded: contextOf(event),
  };
}

/** Returns what stood on an event. */
export const contextOf = (event: RecordedEvent): EventContext => {
  const { atMs, caller, requestId, commandId } = event;
  return { atMs, caller, requestId, commandId };
};
