import { createHash, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../domain/errors.js';
import type { InstallationView } from '../projections/installation.view.js';
import { credentialContext, type Secrets } from '../ports/secrets.js';
import { Authenticator, type Session, type SetupState, type UserRecord } from './authenticator.js';
import type { SessionTokens } from './session-tokens.js';

/** Says who a caller is by the key pairs that the log knows, and by sessions begun with them. */
export class StoredAuthenticator extends Authenticator {
  constructor(
    private readonly installation: InstallationView,
    private readonly secrets: Secrets,
    private readonly sessions: SessionTokens,
  ) {
    super();
  }

  async byKeyPair(accessKeyId: string, secretAccessKey: string): Promise<UserRecord> {
    const credential = await this.installation.credential(accessKeyId);
    // Without a key pair the same work is done on nothing: time does not tell which ids there are.
    const secret = credential
      ? this.secrets.open(credential.sealedSecret, credentialContext(accessKeyId))
      : '';
    const isRight = timingSafeEqual(digest(secret), digest(secretAccessKey));
    if (!credential || !isRight) throw new DomainError('authentication_failed');
    return { id: credential.user, createdAtMs: credential.createdAtMs };
  }

  async bySession(token: string): Promise<UserRecord & { readonly expiresAtMs: number }> {
    const { user, expiresAtMs } = await this.sessions.read(token);
    const setup = await this.installation.setup();
    // A session does not outlive its user.
    if (setup?.user !== user) throw new DomainError('authentication_failed');
    return { id: user, createdAtMs: setup.createdAtMs, expiresAtMs };
  }

  startSession(user: UserRecord): Promise<Session> {
    return this.sessions.issue(user.id);
  }

  async setupState(): Promise<SetupState> {
    return { isInitialized: (await this.installation.setup()) !== undefined };
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
