import { decodeEvent } from '../../domain/event-types.js';
import { eventIdOf } from '../../domain/event-id.js';
import type { CommandId, EventId } from '../../domain/model.js';
import type { RequestEvent, RequestTookEffect } from '../../domain/request/request.events.js';
import type { StagingEvent } from '../../domain/staging/staging.events.js';
import type { EventLog, StreamAppend } from '../../ports/event-log.js';
import { WrongExpectedRevision } from '../../ports/store-errors.js';
import { assert } from '../../shared/assert.js';
import { newEvent } from '../new-events.js';
import type { Once, Request } from '../request.js';

/** Begun, took effect, answered, forgotten; without groups it may name a few tokens more. */
const EVENTS_MAX = 100;

/** What stands in a request's stream of this use of its key. */
export interface OwnEvents {
  readonly events: readonly (RequestEvent & {
    readonly id: EventId;
    readonly commandId: CommandId;
  })[];
  /** The revision of the last of them. */
  readonly end: number;
  /** Another use of the key has begun, or is over. */
  readonly isOver: boolean;
}

/**
 * Returns what is appended with a request's writes to a token, so that they land once: whoever
 * comes second under the same key finds its stream moved on, whichever token it writes to. The same
 * with whatever else accepts a request: once it is answered, nothing is accepted any more.
 */
export function effectAppend(
  { commandId, once }: Request,
  { stream, events }: Pick<StreamAppend, 'stream'> & { readonly events: readonly unknown[] },
): readonly StreamAppend[] {
  if (once === undefined) return [];
  const event = { type: 'RequestTookEffect', stream, eventCount: events.length } as const;
  // By token: with another one it is another append, which the log must judge anew.
  const recorded = newEvent(event, commandId, `effect/${stream}`);
  const expected = once.begunAt + (once.failedCount ?? 0);
  return [{ stream: once.stream, expected, events: [recorded] }];
}

/**
 * Returns how a request is refused that was answered meanwhile, on a log without groups: there
 * {@link effectAppend} would come first, and who died behind it would keep all others from being
 * told of a refusal. So there is a look instead, and a moment behind it.
 */
export async function answeredInSteps(
  log: EventLog,
  { once }: Request,
): Promise<WrongExpectedRevision | undefined> {
  if (once === undefined || log.groups === 'whole') return undefined;
  return answeredMeanwhile(once, await ownEvents(log, once));
}

/** Returns what a request has written to a branch; undefined: nothing, or it may come only once. */
export async function effectOf(
  log: EventLog,
  { commandId, once }: Request,
): Promise<readonly StagingEvent[] | undefined> {
  if (once === undefined) return undefined;
  const named = (await ownEvents(log, once)).events.filter(isEffect);
  for (const effect of named.toReversed()) {
    const written = await writtenBy(log, commandId, effect);
    if (written) return written;
    const { stream } = effect;
    assert(log.groups === 'stepwise', `${stream} does not have what ${once.stream} says`);
  }
  return undefined;
}

/** Returns what stands in a request's stream from where it was begun. */
export async function ownEvents(log: EventLog, once: Once): Promise<OwnEvents> {
  const options = { from: once.begunAt, direction: 'forward', limit: EVENTS_MAX } as const;
  const recorded = (await log.read(once.stream, options)).map((event) => ({
    ...(decodeEvent(event) as RequestEvent),
    id: event.id,
    commandId: event.commandId,
  }));
  // What follows another beginning is another request's.
  const next = recorded.findIndex(({ type }, index) => index > 0 && type === 'RequestBegun');
  const events = next < 0 ? recorded : recorded.slice(0, next);
  const isOver = next >= 0 || events.at(-1)?.type === 'RequestForgotten';
  return { events, end: once.begunAt + events.length - 1, isOver };
}

/** Returns how the work of a request is refused that was answered, or forgotten, meanwhile. */
export function answeredMeanwhile(
  { stream, begunAt }: Once,
  { events, end, isOver }: OwnEvents,
): WrongExpectedRevision | undefined {
  if (!isOver && events.every(({ type }) => type !== 'RequestAnswered')) return undefined;
  const actual = { revision: end, isClosed: false };
  return new WrongExpectedRevision(stream, begunAt, actual, 'revision');
}

/** Returns a request's writes in a token that it has named; undefined: they are not there. */
export async function writtenBy(
  log: EventLog,
  commandId: CommandId,
  { stream, eventCount }: Pick<RequestTookEffect, 'stream' | 'eventCount'>,
): Promise<readonly StagingEvent[] | undefined> {
  const first = await log.find(stream, eventIdOf(commandId, 0));
  if (!first) return undefined;
  const { revision: from } = first;
  const written = await log.read(stream, { from, direction: 'forward', limit: eventCount });
  return written.map(decodeEvent) as StagingEvent[];
}

/** Whether an event says that a token was written to, or without groups, that it may be. */
export const isEffect = <Event extends RequestEvent>(
  event: Event,
): event is Event & RequestTookEffect => event.type === 'RequestTookEffect' && event.eventCount > 0;
