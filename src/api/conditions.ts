import type { IncomingHttpHeaders } from 'node:http';
import { NotServedYet, NotSupportedByStore } from './http-errors.js';
import type { Query } from './query.js';

/**
 * Refuses the conditions of a request that its operation does not keep: who sends one relies on
 * it, and an answer that passed over it would be a lie.
 *
 * @param kept  what the operation does keep
 * @throws NotServedYet  naming the header
 */
export function refuseConditions(
  headers: IncomingHttpHeaders,
  ...kept: readonly ('if-none-match' | 'if-match')[]
): void {
  const served: readonly string[] = kept;
  for (const name of CONDITIONS) {
    if (headers[name] !== undefined && !served.includes(name)) throw new NotServedYet(name);
  }
}

/** @throws NotSupportedByStore  the local store has no URLs that carry their own permission */
export function refusePresign(query: Query): void {
  if (query.flag('presign')) throw new NotSupportedByStore('local adapter presigned URL');
}

const CONDITIONS = ['if-match', 'if-none-match', 'if-unmodified-since', 'if-range'] as const;
