import type { Caller, CommandId } from '../domain/model.js';

/** What belongs to a request, passed on as a value. */
export interface Request {
  readonly caller: Caller;
  /** The same for a repeat of the same command; what its events' ids derive from. */
  readonly commandId: CommandId;
}
