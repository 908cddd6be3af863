import {
  EventRefused,
  LogSealed,
  StoreUnavailable,
  UnknownOutcome,
} from '../ports/store-errors.js';
import { badArgument, notReady, timedOut } from './refusal.js';

/** Returns what a client is told of an error of the log's; any other error as it is. */
export function refusalOf(error: unknown): unknown {
  if (error instanceof UnknownOutcome) return timedOut('what became of it is not known');
  if (error instanceof LogSealed) return notReady(error.message);
  if (error instanceof StoreUnavailable) return notReady('the log cannot be reached');
  if (error instanceof EventRefused) return badArgument(error.message);
  return error;
}
