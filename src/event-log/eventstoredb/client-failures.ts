import { ErrorType, isCommandError, WrongExpectedVersionError } from '@eventstore/db-client';
import { StoreUnavailable } from '../../ports/store-errors.js';
import { InvariantError } from '../../shared/assert.js';
import { NoAnswer } from './client-line.js';

/**
 * What became of a call that failed.
 *
 * - `lost`: nobody said. An append may have been made, or may yet be.
 * - `elsewhere`: not done; the server named its leader, and the client turns there by itself.
 * - `moved`: not done; the stream ends at another revision.
 * - `missing`: there is no such stream, or none any more.
 * - `gone`: the stream was deleted for ever.
 * - `denied`: not done; who we are may not.
 * - `refused`: not done, and it cannot be: something in it is wrong, or it is too large.
 */
export type ClientFailure =
  'lost' | 'elsewhere' | 'moved' | 'missing' | 'gone' | 'denied' | 'refused';

export function clientFailureOf(error: unknown): ClientFailure {
  if (error instanceof NoAnswer) return 'lost';
  if (error instanceof InvariantError || error instanceof StoreUnavailable) return 'refused';
  if (error instanceof WrongExpectedVersionError) return 'moved';
  if (!(error instanceof Error) || !isCommandError(error)) return 'lost';
  return BY_TYPE.get((error as { type?: string }).type ?? '') ?? byCode(error);
}

/** INVALID_ARGUMENT, OUT_OF_RANGE, UNIMPLEMENTED; and what has no number breaks on the way. */
function byCode({ code }: { readonly code?: unknown }): ClientFailure {
  return code === 3 || code === 11 || code === 12 ? 'refused' : 'lost';
}

const BY_TYPE: ReadonlyMap<string, ClientFailure> = new Map([
  [ErrorType.NOT_LEADER, 'elsewhere'],
  [ErrorType.WRONG_EXPECTED_VERSION, 'moved'],
  [ErrorType.STREAM_NOT_FOUND, 'missing'],
  [ErrorType.NO_STREAM, 'missing'],
  [ErrorType.STREAM_DELETED, 'gone'],
  [ErrorType.ACCESS_DENIED, 'denied'],
  [ErrorType.INVALID_ARGUMENT, 'refused'],
  [ErrorType.INVALID_TRANSACTION, 'refused'],
  [ErrorType.UNSUPPORTED, 'refused'],
  [ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED, 'refused'],
  [ErrorType.MISSING_REQUIRED_METADATA_PROPERTY, 'refused'],
]);

/** Whether a call that is lost never left: nobody listened where it was to go. */
export function neverSent(error: unknown): boolean {
  if (clientFailureOf(error) === 'elsewhere') return true;
  return error instanceof Error && UNREACHED.test(error.message);
}

const UNREACHED = new RegExp(
  [
    'No connection established',
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'Name resolution failed',
    'Failed to discover',
  ].join('|'),
);
