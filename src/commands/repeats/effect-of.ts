import { decodeEvent } from '../../domain/event-types.js';
import { eventIdOf } from '../../domain/event-id.js';
import type { RequestEvent } from '../../domain/request/request.events.js';
import type { StagingEvent } from '../../domain/staging/staging.events.js';
import type { EventLog, StreamAppend } from '../../ports/event-log.js';
import { assert } from '../../shared/assert.js';
import { newEvent } from '../new-events.js';
import type { Request } from '../request.js';

/** Begun, took effect, answered, forgotten. */
const EVENTS_MAX = 4;

/**
 * Returns what is appended with a request's writes to a token, so that they land once: whoever
 * comes second under the same key finds its stream moved on, whichever token it writes to.
 */
export function effectAppend(
  { commandId, once }: Request,
  { stream, events }: Pick<StreamAppend, 'stream'> & { readonly events: readonly unknown[] },
): readonly StreamAppend[] {
  if (once === undefined) return [];
  const event = { type: 'RequestTookEffect', stream, eventCount: events.length } as const;
  // By token: with another one it is another append, which the log must judge anew.
  const recorded = newEvent(event, commandId, `effect/${stream}`);
  return [{ stream: once.stream, expected: once.begunAt, events: [recorded] }];
}

/** Returns what a request has written to a branch; undefined: nothing, or it may come only once. */
export async function effectOf(
  log: EventLog,
  { commandId, once }: Request,
): Promise<readonly StagingEvent[] | undefined> {
  if (once === undefined) return undefined;
  const options = { from: once.begunAt, direction: 'forward', limit: EVENTS_MAX } as const;
  const recorded = (await log.read(once.stream, options)).map(decodeEvent) as RequestEvent[];
  // What follows another beginning is another request's.
  const next = recorded.findIndex(({ type }, index) => index > 0 && type === 'RequestBegun');
  const own = next < 0 ? recorded : recorded.slice(0, next);
  const effect = own.find((event) => event.type === 'RequestTookEffect');
  if (!effect) return undefined;
  const { stream, eventCount } = effect;
  const first = await log.find(stream, eventIdOf(commandId, 0));
  assert(first, `${stream} does not have what ${once.stream} says`);
  const { revision: from } = first;
  const written = await log.read(stream, { from, direction: 'forward', limit: eventCount });
  return written.map(decodeEvent) as StagingEvent[];
}
