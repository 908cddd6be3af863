import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Authenticator, UserRecord } from '../auth/authenticator.js';
import { DomainError } from '../domain/errors.js';

/**
 * Who sent an `Authorization` header, remembered for a while, so that a secret is checked slowly
 * once and not with each request. Only right answers are remembered, under a hash of the header:
 * the secret itself stays nowhere.
 */
export class KnownCallers {
  readonly #known = new LRUCache<string, Known>({ max: CALLERS_MAX });
  /** Bounded by the connections that wait. */
  readonly #asked = new Map<string, Promise<UserRecord>>();

  constructor(
    private readonly authenticator: Pick<Authenticator, 'byKeyPair'>,
    private readonly nowMs: () => number,
  ) {}

  /** Returns the caller when this header was right a short while ago. */
  known(header: string): UserRecord | undefined {
    const known = this.#known.get(keyOf(header));
    return known !== undefined && known.untilMs > this.nowMs() ? known.user : undefined;
  }

  /**
   * Finds out who sends this header; once for all who ask meanwhile.
   *
   * @throws DomainError authentication_failed
   */
  find(header: string): Promise<UserRecord> {
    const key = keyOf(header);
    const asked = this.#asked.get(key) ?? this.#ask(key, header);
    this.#asked.set(key, asked);
    const forget = () => void this.#asked.delete(key);
    asked.then(forget, forget);
    return asked;
  }

  async #ask(key: string, header: string): Promise<UserRecord> {
    const { accessKeyId, secretAccessKey } = keyPairOf(header);
    const user = await this.authenticator.byKeyPair(accessKeyId, secretAccessKey);
    this.#known.set(key, { user, untilMs: this.nowMs() + KNOWN_MS });
    return user;
  }
}

interface Known {
  readonly user: UserRecord;
  readonly untilMs: number;
}

function keyOf(header: string): string {
  return hash('sha256', header, 'base64');
}

/** @throws DomainError authentication_failed  another scheme, or no pair */
function keyPairOf(header: string): { accessKeyId: string; secretAccessKey: string } {
  const encoded = basic.exec(header)?.[1];
  const pair = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 1) throw new DomainError('authentication_failed');
  return { accessKeyId: pair.slice(0, colon), secretAccessKey: pair.slice(colon + 1) };
}

const CALLERS_MAX = 1000;
/** As long as lakeFS keeps them: a key that was deleted works no longer than this. */
const KNOWN_MS = 20_000;
const basic = /^basic +([\w+/=-]+)$/i;
