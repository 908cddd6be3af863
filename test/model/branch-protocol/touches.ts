import { eventIdOf } from '../../../src/domain/event-id.js';
import type { OutgoingEvent } from '../../../src/event-log/single-stream-store.js';
import type { EventContext, RecordedEvent, StreamAppend } from '../../../src/ports/event-log.js';
import type { KvRead, KvWrite } from '../../../src/ports/kv-store.js';
import { inlineProjection } from '../../../src/projections/all-projections.js';
import type { Touch } from './scheduler.js';

/** The order of all events, which a position says. */
const LOG = 'log';
const ROWS = 'rows';
export const NOTHING: Touch = { reads: [], writes: [] };
export const ALL_EVENTS: Touch = { reads: [LOG], writes: [] };
/** A snapshot: whatever a view shows. */
export const ALL_ROWS: Touch = { reads: [ROWS], writes: [] };

const project = inlineProjection();
const partitionName = (partition: string): string => `p ${partition}`;
const keyName = (partition: string, key: Uint8Array): string =>
  `k ${partition} ${Buffer.from(key).toString('latin1')}`;
const dropName = (partition: string): string => `d ${partition}`;
const streamName = (stream: string): string => `s ${stream}`;

export const touchOfStream = (stream: string): Touch => ({
  reads: [streamName(stream)],
  writes: [],
});

export const touchOfReads = (reads: readonly KvRead[]): Touch => ({
  reads: reads.flatMap((read) =>
    read.kind === 'get'
      ? [keyName(read.partition, read.key), dropName(read.partition)]
      : [partitionName(read.partition)],
  ),
  writes: [],
});

export function touchOfAppends(appends: readonly StreamAppend[], context: EventContext): Touch {
  const written = appends.flatMap(({ stream, events }) =>
    events.flatMap(({ type, version, data }) =>
      project({ ...PLACE, ...context, stream, type, version, data }),
    ),
  );
  return appendTo(
    appends.map(({ stream }) => stream),
    written,
  );
}

export function touchOfEvents(stream: string, events: readonly OutgoingEvent[]): Touch {
  const written = events.flatMap(({ type, version, json, ...event }) => {
    const { atMs, caller, requestId, commandId } = event;
    const data = JSON.parse(json) as RecordedEvent['data'];
    const context = { atMs, caller, requestId, commandId };
    return project({ ...PLACE, ...context, stream, type, version, data });
  });
  return appendTo([stream], written);
}

/** What an event changes, as those name it who look there. */
export const changedBy = (event: RecordedEvent): readonly string[] => [
  LOG,
  streamName(event.stream),
  ...namesOf(project(event)),
];

/** What is on its way already arrives. */
export const unfailing = ({ reads, writes }: Touch): Touch => ({ reads, writes });

const PLACE = { id: eventIdOf('touch', 0) };

/** Whether it is accepted follows from the streams, so they are read as well. */
function appendTo(streams: readonly string[], written: readonly KvWrite[]): Touch {
  const reads = streams.map(streamName);
  return { reads, writes: [LOG, ...reads, ...namesOf(written)], isAppend: true };
}

const namesOf = (writes: readonly KvWrite[]): readonly string[] =>
  writes.length === 0 ? [] : [ROWS, ...writes.flatMap(namesOfWrite)];

function namesOfWrite(write: KvWrite): readonly string[] {
  const { partition } = write;
  if (write.kind === 'drop') return [partitionName(partition), dropName(partition)];
  return [partitionName(partition), keyName(partition, write.key)];
}

/** Whether one step makes a difference to the other, or to what is seen of both. */
export function areApart(one: Touch | undefined, other: Touch | undefined): boolean {
  if (!one || !other) return false;
  return !meet(one.writes, other) && !other.writes.some((name) => one.reads.includes(name));
}

const meet = (writes: readonly string[], { reads, writes: others }: Touch): boolean =>
  writes.some((name) => reads.includes(name) || others.includes(name));
