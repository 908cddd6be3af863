import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Authenticator, UserRecord } from '../auth/authenticator.js';
import type { FailedSignIns, SignIn } from '../auth/failed-sign-ins.js';
import { DomainError } from '../domain/errors.js';

/** What a request proves its caller by. */
export interface Credential {
  /** An `Authorization` header; of a session in a cookie, the header that means the same. */
  readonly header: string;
  /** The network address that it came from. */
  readonly client: string;
}

/**
 * Who sent an `Authorization` header, remembered for a while, so that a secret is checked slowly
 * once and not with each request. Only right answers are remembered, under a hash of the header:
 * the secret itself stays nowhere but with the connection that it came by.
 */
export class KnownCallers {
  readonly #lastOn = new WeakMap<object, { readonly header: string; readonly key: string }>();
  readonly #known = new LRUCache<string, Known>({ max: CALLERS_MAX });
  /** Hashes of pairs that were right: who has one guesses nothing, and does not wait for others. */
  readonly #right = new LRUCache<string, true>({ max: CALLERS_MAX });
  /** Bounded by the connections that wait. */
  readonly #asked = new Map<string, Promise<UserRecord>>();

  constructor(
    private readonly authenticator: Pick<Authenticator, 'byKeyPair' | 'bySession'>,
    private readonly failures: FailedSignIns,
    private readonly nowMs: () => number,
  ) {}

  /**
   * Returns the caller when this header was right a short while ago.
   *
   * @param connection  by which it came, if there is one; most send the same with each request
   */
  known(header: string, connection?: object): UserRecord | undefined {
    const known = this.#known.get(this.#keyOn(connection, header));
    return known !== undefined && known.untilMs > this.nowMs() ? known.user : undefined;
  }

  /**
   * Finds out who sends this header; once for all who ask meanwhile.
   *
   * @throws DomainError authentication_failed, sign_in_delayed
   */
  find(credential: Credential): Promise<UserRecord> {
    const key = keyOf(credential.header);
    const asked = this.#asked.get(key) ?? this.#ask(key, credential);
    this.#asked.set(key, asked);
    const forget = () => void this.#asked.delete(key);
    asked.then(forget, forget);
    return asked;
  }

  /**
   * Checks a key pair, slowly after failures; one that was right before at once.
   *
   * @throws DomainError authentication_failed, sign_in_delayed
   */
  async signIn(pair: KeyPair, client: string): Promise<UserRecord> {
    const signIn: SignIn = { accessKeyId: pair.accessKeyId, client };
    const key = keyOf(JSON.stringify([pair.accessKeyId, pair.secretAccessKey]));
    if (!this.#right.has(key)) this.failures.check(signIn);
    try {
      const user = await this.authenticator.byKeyPair(pair.accessKeyId, pair.secretAccessKey);
      this.failures.succeeded(signIn);
      this.#right.set(key, true);
      return user;
    } catch (error) {
      // A store that is away is nobody's wrong try.
      if (error instanceof DomainError && error.code === 'authentication_failed') {
        this.#right.delete(key);
        this.failures.failed(signIn);
      }
      throw error;
    }
  }

  /** What came last by a connection is kept as long as that is open, and hashed once. */
  #keyOn(connection: object | undefined, header: string): string {
    if (connection === undefined) return keyOf(header);
    const last = this.#lastOn.get(connection);
    if (last?.header === header) return last.key;
    const key = keyOf(header);
    this.#lastOn.set(connection, { header, key });
    return key;
  }

  async #ask(key: string, { header, client }: Credential): Promise<UserRecord> {
    const token = bearer.exec(header)?.[1];
    if (token === undefined) {
      const user = await this.signIn(keyPairOf(header), client);
      this.#known.set(key, { user, untilMs: this.nowMs() + KNOWN_MS });
      return user;
    }
    const { expiresAtMs, ...user } = await this.authenticator.bySession(token);
    this.#known.set(key, { user, untilMs: Math.min(this.nowMs() + KNOWN_MS, expiresAtMs) });
    return user;
  }
}

export interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

interface Known {
  readonly user: UserRecord;
  readonly untilMs: number;
}

function keyOf(header: string): string {
  return hash('sha256', header, 'base64');
}

/** @throws DomainError authentication_failed  another scheme, or no pair */
function keyPairOf(header: string): KeyPair {
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
const bearer = /^bearer +([\w.-]+)$/i;
