import { DomainError } from '../domain/errors.js';
import type { UserRecord } from './authenticator.js';

/**
 * Passes whoever may read the audit. There are administrators alone as yet, so that is everybody
 * who is known; what policies will say of it they say here.
 *
 * @throws DomainError authentication_failed
 */
export function assertMayAudit(user: UserRecord | null): void {
  if (user === null) throw new DomainError('authentication_failed');
}
