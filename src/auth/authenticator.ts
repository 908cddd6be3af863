import type { UserId } from '../domain/model.js';

/** Whether this installation has its administrator yet. */
export interface SetupState {
  readonly isInitialized: boolean;
}

export interface UserRecord {
  readonly id: UserId;
  readonly createdAtMs: number;
}

/** Who a caller is. */
export abstract class Authenticator {
  /** @throws DomainError authentication_failed  the same, and as slowly, for every reason */
  abstract byKeyPair(accessKeyId: string, secretAccessKey: string): Promise<UserRecord>;
  abstract setupState(): Promise<SetupState>;
}
