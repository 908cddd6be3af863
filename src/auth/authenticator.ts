import type { UserId } from '../domain/model.js';

/** Whether this installation has its administrator yet. */
export interface SetupState {
  readonly isInitialized: boolean;
}

export interface UserRecord {
  readonly id: UserId;
  readonly createdAtMs: number;
}

/** Proof of who a caller is, until it runs out. */
export interface Session {
  readonly token: string;
  /** UTC, epoch; a whole second. */
  readonly expiresAtMs: number;
}

/** Who a caller is. */
export abstract class Authenticator {
  /** @throws DomainError authentication_failed  the same, and as slowly, for every reason */
  abstract byKeyPair(accessKeyId: string, secretAccessKey: string): Promise<UserRecord>;

  /**
   * Returns whose session a token is, and until when.
   *
   * @throws DomainError authentication_failed  changed, of another key, run out, or of nobody now
   */
  abstract bySession(token: string): Promise<UserRecord & { readonly expiresAtMs: number }>;

  /** Begins a session of a user who has proved to be one. */
  abstract startSession(user: UserRecord): Promise<Session>;

  abstract setupState(): Promise<SetupState>;
}
