import type { Expected, StreamEnd } from '../ports/event-log.js';
import type { WrongExpectedRevision } from '../ports/store-errors.js';

/** Returns why a stream as it is does not suit an append, or undefined when it does. */
export function refusalOf(
  expected: Expected,
  actual: StreamEnd,
): WrongExpectedRevision['reason'] | undefined {
  if (expected === 'any') return undefined;
  if (expected === 'open') {
    if (actual.revision < 0) return 'missing';
    return actual.isClosed ? 'closed' : undefined;
  }
  if ((expected === 'none' ? -1 : expected) === actual.revision) return undefined;
  return actual.revision < 0 ? 'missing' : 'revision';
}
