import { eventSchemas, decodeEvent, type EventType } from '../../domain/event-types.js';
import type { EventSchema } from '../../domain/upcast.js';
import type { EventContext, NewEvent, RecordedEvent, StreamAppend } from '../../ports/event-log.js';

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
  const key = keyOf(event);
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

/** What a guard compares stands on no event that is read: it follows from what the event says. */
function keyOf(event: RecordedEvent): Uint8Array | undefined {
  if (!Object.hasOwn(eventSchemas, event.type)) return undefined;
  const schema = eventSchemas[event.type as EventType] as EventSchema<never>;
  return schema.keyOf?.(decodeEvent(event) as never);
}
