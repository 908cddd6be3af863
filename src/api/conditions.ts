import type { IncomingHttpHeaders } from 'node:http';
import { NotServedYet } from './http-errors.js';

/**
 * Refuses the conditions of a request that its operation does not keep: who sends one relies on
 * it, and an answer that passed over it would be a lie.
 *
 * @param kept  what the operation does keep
 * @throws NotServedYet  naming the header
 */
export function refuseConditions(
  headers: IncomingHttpHeaders,
  ...kept: readonly ('if-none-match' | 'if-match' | 'if-range')[]
): void {
  const served: readonly string[] = kept;
  for (const name of CONDITIONS) {
    if (headers[name] !== undefined && !served.includes(name)) throw new NotServedYet(name);
  }
}

const CONDITIONS = ['if-match', 'if-none-match', 'if-unmodified-since', 'if-range'] as const;
