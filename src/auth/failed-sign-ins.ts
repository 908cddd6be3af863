import { LRUCache } from 'lru-cache';
import { DomainError } from '../domain/errors.js';

/** Who tries to sign in, and from where. */
export interface SignIn {
  readonly accessKeyId: string;
  /** The client's network address. */
  readonly client: string;
}

/** Somebody failed too often; the secret was not looked at. */
export class SignInDelayed extends DomainError<'sign_in_delayed'> {
  /** @param waitMs  until the next try is looked at; more than 0 */
  constructor(readonly waitMs: number) {
    super('sign_in_delayed', { seconds: Math.ceil(waitMs / 1000) });
  }
}

/**
 * Slows guessing down. Wrong tries are counted for a key pair from one client, for a client
 * whatever pair it tries, and for a pair whoever tries it; each count has some tries for nothing
 * and then a wait that doubles.
 *
 * The waits for a pair alone and for a client alone are short: nobody who only knows the id of a
 * pair can keep its owner out, and a program with an old key not all who share its address. Counts
 * are bounded, and the oldest is forgotten.
 */
export class FailedSignIns {
  readonly #counts = new LRUCache<string, Count>({ max: COUNTS_MAX });

  /** @param nowMs  UTC, epoch */
  constructor(private readonly nowMs: () => number) {}

  /** @throws SignInDelayed  the wait after an earlier failure is not over */
  check(signIn: SignIn): void {
    const nowMs = this.nowMs();
    let waitMs = 0;
    for (const { key } of scopesOf(signIn)) {
      waitMs = Math.max(waitMs, (this.#counts.get(key)?.closedUntilMs ?? 0) - nowMs);
    }
    if (waitMs > 0) throw new SignInDelayed(waitMs);
  }

  /** Counts a wrong try. */
  failed(signIn: SignIn): void {
    const nowMs = this.nowMs();
    for (const { key, limit } of scopesOf(signIn)) {
      const last = this.#counts.get(key);
      const isFresh = last !== undefined && nowMs - last.failedAtMs < FORGOTTEN_AFTER_MS;
      const failures = (isFresh ? last.failures : 0) + 1;
      const over = failures - limit.free;
      const waitMs = over <= 0 ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (over - 1), limit.waitMsMax);
      this.#counts.set(key, { failures, failedAtMs: nowMs, closedUntilMs: nowMs + waitMs });
    }
  }

  /** Forgets what was counted of this pair from this client: it was its owner after all. */
  succeeded(signIn: SignIn): void {
    const [own] = scopesOf(signIn);
    if (own) this.#counts.delete(own.key);
  }
}

interface Count {
  readonly failures: number;
  readonly failedAtMs: number;
  readonly closedUntilMs: number;
}

interface Limit {
  /** Wrong tries without a wait. */
  readonly free: number;
  readonly waitMsMax: number;
}

function scopesOf({ accessKeyId, client }: SignIn): readonly { key: string; limit: Limit }[] {
  // An id may be of any length: what is kept of it is not.
  const pair = accessKeyId.slice(0, ID_CHARACTERS_MAX);
  return [
    { key: `pair ${pair} at ${client}`, limit: PAIR_AT_CLIENT },
    { key: `client ${client}`, limit: CLIENT },
    { key: `pair ${pair}`, limit: PAIR },
  ];
}

const COUNTS_MAX = 30_000;
const ID_CHARACTERS_MAX = 128;
const FIRST_WAIT_MS = 1_000;
const FORGOTTEN_AFTER_MS = 15 * 60 * 1000;
const PAIR_AT_CLIENT: Limit = { free: 5, waitMsMax: 60_000 };
const CLIENT: Limit = { free: 30, waitMsMax: 5_000 };
const PAIR: Limit = { free: 50, waitMsMax: 2_000 };
