/** One thing that must be well before requests are sent here. */
export interface ReadinessCheck {
  readonly name: string;
  /** @throws whatever is wrong with it */
  check(): Promise<unknown>;
}

export interface ReadyReport {
  readonly status: 'ready' | 'not ready';
  readonly checks: readonly CheckResult[];
}

interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  /** Present when it is not. */
  readonly why?: string;
}

/** Returns how each check came out. Never rejects. */
export async function reportOf(checks: readonly ReadinessCheck[]): Promise<ReadyReport> {
  const results = await Promise.all(checks.map(resultOf));
  return { status: results.every(({ ok }) => ok) ? 'ready' : 'not ready', checks: results };
}

async function resultOf({ name, check }: ReadinessCheck): Promise<CheckResult> {
  try {
    await check();
    return { name, ok: true };
  } catch (error) {
    // Our own words alone: a driver's may name hosts and users, and anybody may ask.
    const isOurs = error instanceof NotReady || (error as Error).name === 'StoreUnavailable';
    return { name, ok: false, why: isOurs ? (error as Error).message : 'it does not answer' };
  }
}

/** Why not, in words for anybody. */
export class NotReady extends Error {
  override readonly name = 'NotReady';
}
