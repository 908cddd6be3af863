import type { IncomingHttpHeaders } from 'node:http';
import { DomainError } from '../domain/errors.js';
import type { WriteCondition } from '../domain/staging/write-condition.js';
import { refuseConditions } from './conditions.js';
import { NotServedYet } from './http-errors.js';

/**
 * Reads what a write wants of its path: `If-None-Match: *`, that nothing be there; `If-Match`, that
 * it have one of some entity tags, or be there at all (`*`).
 *
 * @throws NotServedYet  another condition
 * @throws DomainError invalid  no list of entity tags, or both headers
 */
export function conditionOf(headers: IncomingHttpHeaders): WriteCondition | undefined {
  refuseConditions(headers, 'if-none-match', 'if-match');
  const { 'if-none-match': absent, 'if-match': match } = headers;
  if (absent !== undefined && match !== undefined) {
    throw invalid('cannot be asked together with If-None-Match');
  }
  if (absent !== undefined) {
    if (absent.trim() !== '*') throw new NotServedYet('if-none-match, but for *');
    return { kind: 'absent' };
  }
  if (match === undefined) return undefined;
  if (match.trim() === '*') return { kind: 'present' };
  const anyOf: string[] = [];
  for (const text of match.split(',')) {
    const tag = entityTag.exec(text)?.[1];
    if (tag === undefined) throw invalid('is neither * nor a list of entity tags in quotes');
    anyOf.push(tag);
  }
  return { kind: 'checksum', anyOf };
}

function invalid(reason: string): DomainError {
  return new DomainError('invalid', { field: 'If-Match', reason });
}

/** A strong one: of a weak tag nothing follows for the bytes. */
const entityTag = /^\s*"([\x21\x23-\x7e\x80-\xff]*)"\s*$/;
