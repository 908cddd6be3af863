import { eventIdOf } from '../domain/event-id.js';
import { encodeEvent, type DomainEvent } from '../domain/event-types.js';
import type { EventContext, NewEvent } from '../ports/event-log.js';
import type { Clock } from '../ports/clock.js';
import type { Request } from './request.js';

/** Returns an event as a log takes it; its id follows from who caused it and which part it is. */
export const newEvent = (event: DomainEvent, of: string, part: string | number): NewEvent =>
  ({ id: eventIdOf(of, part), ...encodeEvent(event) }) as NewEvent;

/** Returns what stands on each event of a request's appends. */
export const contextOf = ({ caller, commandId }: Request, clock: Clock): EventContext => ({
  atMs: clock.nowMs(),
  caller: caller.user,
  requestId: caller.requestId,
  commandId,
});
