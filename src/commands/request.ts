import { eventIdOf } from '../domain/event-id.js';
import type { Caller, CommandId } from '../domain/model.js';

/** What belongs to a request, passed on as a value. */
export interface Request {
  readonly caller: Caller;
  /** The same for a repeat of the same command; what its events' ids derive from. */
  readonly commandId: CommandId;
}

/** Returns a request for a part of another's work, with ids of its own. */
export const partOf = ({ caller, commandId }: Request, part: string): Request => ({
  caller,
  commandId: eventIdOf(commandId, part) as string as CommandId,
});
