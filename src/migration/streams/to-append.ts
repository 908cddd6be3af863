import { eventSchemas, decodeEvent, type EventType } from '../../domain/event-types.js';
import type { EventSchema } from '../../domain/upcast.js';
import type { EventContext, NewEvent, RecordedEvent, StreamAppend } from '../../ports/event-log.js';

/** One append of events that were recorded once, and what stood on each of them. */
export interface RecordedAppend {
  readonly append: StreamAppend;
  readonly context: EventContext;
}

/**
 * Returns appends that write recorded events again, each at the revision that it had: neighbours
 * of one stream and one context together.
 */
export function toAppends(events: readonly RecordedEvent[], eventsMax: number): RecordedAppend[] {
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
  return (
    next.stream === last.stream &&
    next.revision === last.revision + 1 &&
    next.atMs === last.atMs &&
    next.commandId === last.commandId &&
    next.requestId === last.requestId &&
    next.caller === last.caller
  );
}

function appendOf(run: readonly RecordedEvent[]): RecordedAppend {
  const [first] = run as [RecordedEvent, ...RecordedEvent[]];
  const { stream, revision, atMs, caller, requestId, commandId } = first;
  const context = { atMs, caller, requestId, commandId };
  return { append: { stream, expected: revision - 1, events: run.map(newEventOf) }, context };
}

function newEventOf(event: RecordedEvent): NewEvent {
  const { id, type, version, data, closes } = event;
  const key = keyOf(event);
  return { id, type, version, data, ...(closes && { closes }), ...(key && { key }) };
}

/** What a guard compares stands on no event that is read: it follows from what the event says. */
function keyOf(event: RecordedEvent): Uint8Array | undefined {
  if (!Object.hasOwn(eventSchemas, event.type)) return undefined;
  const schema = eventSchemas[event.type as EventType] as EventSchema<never>;
  return schema.keyOf?.(decodeEvent(event) as never);
}
