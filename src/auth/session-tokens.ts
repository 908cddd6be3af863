// A session is a signed token that nobody keeps: every node with the same secret key reads it.
// Header {"alg":"HS256","typ":"JWT"}; claims iss "auth", aud "login", sub the user's id, jti, iat,
// exp. Signed with a key that follows from the installation's secret key and signs nothing else.
//
// Source: lakeFS, `auth.GenerateJWTLogin` and `auth.VerifyToken` (claims), RFC 7519.
import { errors, jwtVerify, SignJWT } from 'jose';
import { DomainError } from '../domain/errors.js';
import type { UserId } from '../domain/model.js';
import type { Session } from './authenticator.js';

export interface SessionSettings {
  /** 32 bytes that sign sessions and nothing else. */
  readonly key: Uint8Array;
  readonly ttlMs: number;
  /** UTC, epoch. */
  readonly nowMs: () => number;
  /** What makes two sessions of one second two tokens. */
  readonly newId: () => string;
}

/** The label of the key that sessions are signed with. */
export const SESSION_KEY_LABEL = 'session';
/** A token that says it lives longer than this was not made here. */
export const SESSION_TTL_MS_MAX = 14 * 24 * 60 * 60 * 1000;

/** Makes and reads session tokens. */
export class SessionTokens {
  constructor(private readonly settings: SessionSettings) {}

  async issue(user: UserId): Promise<Session> {
    const { key, ttlMs, nowMs, newId } = this.settings;
    const issuedAt = Math.floor(nowMs() / 1000);
    const expiresAt = issuedAt + Math.floor(ttlMs / 1000);
    const token = await new SignJWT()
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setJti(newId())
      .setIssuer(ISSUER)
      .setSubject(user)
      .setAudience(AUDIENCE)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(key);
    return { token, expiresAtMs: expiresAt * 1000 };
  }

  /** @throws DomainError authentication_failed  for whatever reason it is no session of ours */
  async read(token: string): Promise<{ user: UserId; expiresAtMs: number }> {
    const { key, nowMs } = this.settings;
    try {
      const { payload } = await jwtVerify(token, key, {
        // One alone: a token does not choose how it is verified.
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience: AUDIENCE,
        requiredClaims: ['sub', 'iat', 'exp', 'jti'],
        maxTokenAge: SESSION_TTL_MS_MAX / 1000,
        currentDate: new Date(nowMs()),
      });
      const { sub = '', exp = 0 } = payload;
      return { user: sub as UserId, expiresAtMs: exp * 1000 };
    } catch (error) {
      if (error instanceof errors.JOSEError) throw new DomainError('authentication_failed');
      throw error;
    }
  }
}

const ALGORITHM = 'HS256';
const ISSUER = 'auth';
const AUDIENCE = 'login';
