import { eventIdOf } from '../domain/event-id.js';
import type { Caller, CommandId, UserId } from '../domain/model.js';
import type { Ids } from '../ports/ids.js';

/** What belongs to a request, passed on as a value. */
export interface Request {
  readonly caller: Caller;
  /** The same for a repeat of the same command; what its events' ids derive from. */
  readonly commandId: CommandId;
  /** Of one that its caller may send again under the same key; else there are no repeats. */
  readonly once?: Once;
}

/** Where the log keeps what became of a request that must be done once, however often it comes. */
export interface Once {
  readonly stream: string;
  /** The revision of the event that began it. */
  readonly begunAt: number;
  /** UTC, epoch: the same for all attempts of it. */
  readonly begunAtMs: number;
  /** Intents that it has asked for, each accepted, that came to nothing and are asked for anew. */
  readonly failedCount?: number;
  /** It came before; perhaps it is under way elsewhere, perhaps its node died in the middle. */
  readonly isRepeat: boolean;
}

/** Returns a request for a part of another's work, with ids of its own. */
export const partOf = ({ caller, commandId }: Request, part: string): Request => ({
  caller,
  commandId: eventIdOf(commandId, part) as string as CommandId,
});

/** Returns a request for an intent anew, with ids of its own, when so many of it have failed. */
export function askedAnew(request: Request, failedCount: number): Request {
  if (failedCount === 0) return request;
  const { once } = request;
  const anew = partOf(request, `again-${failedCount}`);
  return once === undefined ? anew : { ...anew, once: { ...once, failedCount } };
}

/** Returns a request that nobody has made but this program: for the work that it is named after. */
export function ownRequest(ids: Ids, work: string): Request {
  const commandId = ids.commandId();
  return { caller: { user: 'moraine' as UserId, requestId: `${work}-${commandId}` }, commandId };
}
