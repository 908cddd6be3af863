import type { IncomingHttpHeaders } from 'node:http';
import type { Session } from '../auth/authenticator.js';
import { DomainError } from '../domain/errors.js';

/** As lakeFS calls it; its web UI is told so by `login_cookie_names`. */
export const SESSION_COOKIE = 'internal_auth_session';

/** Returns the session that a request's cookies carry, as the header that means the same. */
export function sessionOf({ cookie }: IncomingHttpHeaders): string | undefined {
  const token = cookie === undefined ? undefined : sessionCookie.exec(cookie)?.[1];
  return token === undefined ? undefined : `Bearer ${token}`;
}

/** What a request says of where it comes from. */
export interface Sender {
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** As the client wrote it: `host:port`. */
  readonly host: string;
}

/**
 * Refuses a write that another site's page makes a browser send: the browser adds the cookie, and
 * the caller knows nothing of it. A session in a header cannot be borrowed so.
 *
 * @throws DomainError cross_origin
 */
export function refuseBorrowedSession({ method, headers, host }: Sender): void {
  if (method === 'GET' || method === 'HEAD') return;
  const site = headers['sec-fetch-site'];
  const isOwnSite = site === undefined || site === 'same-origin' || site === 'none';
  if (!isOwnSite || !isOwnOrigin(headers.origin, host)) throw new DomainError('cross_origin');
}

function isOwnOrigin(origin: string | undefined, host: string): boolean {
  if (origin === undefined) return true;
  // `null` is a page without an origin, which nobody of ours is.
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}

/** @param isSecure  the client speaks TLS, with us or with the proxy before us */
export function cookieOf(session: Session, isSecure: boolean): string {
  const expires = new Date(session.expiresAtMs).toUTCString();
  return `${SESSION_COOKIE}=${session.token}; Expires=${expires}${attributes(isSecure)}`;
}

/** Takes the cookie back. */
export function noCookie(isSecure: boolean): string {
  const past = new Date(0).toUTCString();
  return `${SESSION_COOKIE}=; Expires=${past}; Max-Age=0${attributes(isSecure)}`;
}

/** No script reads it, and no other site's request carries it but a link that is followed. */
const attributes = (isSecure: boolean) =>
  `; Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;

const sessionCookie = new RegExp(`(?:^|;\\s*)${SESSION_COOKIE}=([\\w.-]+)\\s*(?:;|$)`);
