import type { Clock } from '../../ports/clock.js';

/** A branch is busy for so long after two operations were under way on it at once. */
const BUSY_MS = 250;
/** How long a seal that would find nothing waits for a write of those who could send one. */
const SEAL_WAIT_MS = 20;
/** So often it waits anew because somebody was answered meanwhile, or is yet to be. */
const SEAL_WAITS_MAX = 12;
/** Branches that are remembered; of the others a seal does not wait. */
const BRANCHES_MAX = 1_000;

interface Traffic {
  underWayCount: number;
  busyUntilMs: number;
  writesSinceSealCount: number;
  /** Intents that have sealed, and whose callers hear of the outcome yet. */
  unansweredCount: number;
  answeredCount: number;
  waiting: AbortController | undefined;
}

/**
 * What this process has lately had under way on a branch.
 *
 * Clients in step write together and commit together: the first commit takes every write, and all
 * others would truthfully find nothing. Operations that wait at the same time are concurrent, so
 * any order of them is right, and a seal with nothing to take may let the next write go first.
 * This chooses *when* a token is sealed; what a commit finds comes from the log alone.
 */
export class BranchTraffic {
  readonly #byStream = new Map<string, Traffic>();

  constructor(private readonly clock: Clock) {}

  /** Runs an operation on a branch, and counts it while it runs. */
  async during<Result>(stream: string, work: () => Promise<Result>): Promise<Result> {
    const traffic = this.#of(stream);
    traffic.underWayCount++;
    if (traffic.underWayCount > 1) traffic.busyUntilMs = this.clock.nowMs() + BUSY_MS;
    try {
      return await work();
    } finally {
      traffic.underWayCount--;
    }
  }

  wrote(stream: string): void {
    const traffic = this.#of(stream);
    traffic.writesSinceSealCount++;
    traffic.waiting?.abort();
  }

  /** Runs what follows a seal until its caller can be answered. */
  async answering<Result>(stream: string, outcome: () => Promise<Result>): Promise<Result> {
    const traffic = this.#of(stream);
    try {
      return await outcome();
    } finally {
      traffic.unansweredCount--;
      traffic.answeredCount++;
    }
  }

  /** To be called at once when a seal was accepted; {@link answering} follows it. */
  sealed(stream: string): void {
    const traffic = this.#of(stream);
    traffic.writesSinceSealCount = 0;
    traffic.unansweredCount++;
  }

  /** Resolves when there is something to seal, or at once when nobody else is there to write it. */
  async beforeSeal(stream: string): Promise<void> {
    const traffic = this.#of(stream);
    if (traffic.writesSinceSealCount > 0 || traffic.busyUntilMs <= this.clock.nowMs()) return;
    for (let waits = 0; waits < SEAL_WAITS_MAX; waits++) {
      const { answeredCount } = traffic;
      traffic.waiting = new AbortController();
      await this.clock.sleep(SEAL_WAIT_MS, traffic.waiting.signal);
      traffic.waiting = undefined;
      if (traffic.writesSinceSealCount > 0) return;
      // Clients in step write again once they are answered: their time has only begun then. The
      // outcome of this seal comes after theirs anyhow, so on a slow machine nobody waits longer.
      if (traffic.unansweredCount === 0 && traffic.answeredCount === answeredCount) break;
    }
    // Nobody wrote: those who wait behind this seal need not wait for it again.
    traffic.busyUntilMs = 0;
  }

  #of(stream: string): Traffic {
    const known = this.#byStream.get(stream);
    if (known) return known;
    if (this.#byStream.size >= BRANCHES_MAX) this.#forgetQuiet();
    const fresh = {
      underWayCount: 0,
      busyUntilMs: 0,
      writesSinceSealCount: 0,
      unansweredCount: 0,
      answeredCount: 0,
      waiting: undefined,
    };
    this.#byStream.set(stream, fresh);
    return fresh;
  }

  #forgetQuiet(): void {
    const nowMs = this.clock.nowMs();
    for (const [stream, { underWayCount, busyUntilMs }] of this.#byStream) {
      if (underWayCount === 0 && busyUntilMs <= nowMs) this.#byStream.delete(stream);
    }
  }
}
