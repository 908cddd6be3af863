import type { Clock } from '../../ports/clock.js';

/** A branch is busy for so long after two operations were under way on it at once. */
const BUSY_MS = 250;
/** How long a seal that would find nothing waits for a write of those who could send one. */
const SEAL_WAIT_MS = 20;
/** So often it waits anew because somebody was answered meanwhile, or is yet to be. */
const SEAL_WAITS_MAX = 12;
/** How long a write waits for the seal before it, so that the one after it finds it. */
const WRITE_WAIT_MS = 20;
/** Who counts for a while counts a few too many. */
const COUNTED_LOOSELY = 0.3;
/** Branches that are remembered; of the others nothing waits. */
const BRANCHES_MAX = 1_000;

interface Came {
  writes: number;
  commits: number;
}

interface Traffic {
  underWayCount: number;
  busyUntilMs: number;
  /** Operations at once, at most: in the last span of {@link BUSY_MS}, and in the one before. */
  peakCount: number;
  formerPeakCount: number;
  peakUntilMs: number;
  /** Handed to the log behind the newest seal. */
  writesSinceSealCount: number;
  /** Writes and commits that came: in the last span of {@link BUSY_MS}, and in the one before. */
  came: Came;
  formerlyCame: Came;
  /** Commits that wait for their seal. */
  waitingSealCount: number;
  /** Intents that have sealed, and whose callers hear of the outcome yet. */
  unansweredCount: number;
  answeredCount: number;
  waiting: AbortController | undefined;
  readonly heldWrites: AbortController[];
}

/** A commit's place in the line of those that are to seal. */
export interface SealPlace {
  /** Resolves when the seal was handed to the log, or will not be. */
  readonly sent: Promise<void>;
  /** To be called when the seal was handed to the log: what is written now lies behind it. */
  sealed(): void;
  /** To be called when it is clear that it will not seal any more. */
  leave(): void;
}

/**
 * What this process has lately had under way on a branch.
 *
 * Clients in step write together and commit together: the first commit takes every write, and all
 * others would truthfully find nothing. Operations that wait at the same time are concurrent, so
 * any order of them is right: write, seal, write, seal gives each commit a write of its own. So a
 * seal with nothing to take lets the next write go first, and a write lets a seal that waits for
 * it go before the next write.
 *
 * This chooses *when* a token is sealed and where a write goes; what a commit finds comes from the
 * log alone.
 */
export class BranchTraffic {
  readonly #byStream = new Map<string, Traffic>();

  constructor(private readonly clock: Clock) {}

  /** Runs an operation on a branch, and counts it while it runs. */
  async during<Result>(stream: string, work: () => Promise<Result>): Promise<Result> {
    const traffic = this.#of(stream);
    traffic.underWayCount++;
    const nowMs = this.clock.nowMs();
    if (traffic.underWayCount > 1) traffic.busyUntilMs = nowMs + BUSY_MS;
    countPeak(traffic, nowMs);
    try {
      return await work();
    } finally {
      traffic.underWayCount--;
    }
  }

  /** Returns undefined when a write may go on at once, as it nearly always may. */
  beforeWrite(stream: string): Promise<void> | undefined {
    const traffic = this.#byStream.get(stream);
    if (!traffic) return undefined;
    traffic.came.writes++;
    if (traffic.waitingSealCount === 0) return undefined;
    const isFirst = traffic.heldWrites.length === 0;
    if (isFirst && traffic.writesSinceSealCount < writesPerSeal(traffic)) return undefined;
    const held = new AbortController();
    traffic.heldWrites.push(held);
    return this.clock.sleep(WRITE_WAIT_MS, held.signal).finally(() => {
      const at = traffic.heldWrites.indexOf(held);
      if (at >= 0) traffic.heldWrites.splice(at, 1);
    });
  }

  /** Returns whether one operation at most is under way on a branch. */
  isCalm(stream: string): boolean {
    return (this.#byStream.get(stream)?.underWayCount ?? 0) <= 1;
  }

  /** To be called when a write was handed to the log: a seal that follows takes it. */
  wrote(stream: string): void {
    const traffic = this.#of(stream);
    traffic.writesSinceSealCount++;
    traffic.waiting?.abort();
  }

  /** Runs what follows a seal until its caller can be answered. */
  async answering<Result>(stream: string, outcome: () => Promise<Result>): Promise<Result> {
    const traffic = this.#of(stream);
    traffic.unansweredCount++;
    try {
      return await outcome();
    } finally {
      traffic.unansweredCount--;
      traffic.answeredCount++;
    }
  }

  /** Takes a place in the line of those that are to seal. */
  lineUp(stream: string): SealPlace {
    const traffic = this.#of(stream);
    traffic.waitingSealCount++;
    traffic.came.commits++;
    let isThere = true;
    const { promise: sent, resolve: isSent } = Promise.withResolvers<void>();
    const leave = () => {
      if (isThere) traffic.waitingSealCount--;
      isThere = false;
      isSent();
      if (traffic.waitingSealCount === 0) letOn(traffic, traffic.heldWrites.length);
    };
    const sealed = () => {
      leave();
      traffic.writesSinceSealCount = 0;
      letOn(traffic, writesPerSeal(traffic));
    };
    return { sent, sealed, leave };
  }

  /** Resolves when there is something to seal, or at once when nobody else is there to write it. */
  async beforeSeal(stream: string): Promise<void> {
    const traffic = this.#of(stream);
    if (traffic.writesSinceSealCount > 0 || traffic.busyUntilMs <= this.clock.nowMs()) return;
    for (let waits = 0; waits < SEAL_WAITS_MAX; waits++) {
      // Who waits cannot write: with most of them in this line each would wait for the one before,
      // and they would go on one by one for ever. Some hear at once that there is nothing for them.
      if (isMostlyWaiting(traffic)) return;
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
      peakCount: 0,
      formerPeakCount: 0,
      peakUntilMs: 0,
      writesSinceSealCount: 0,
      came: { writes: 0, commits: 0 },
      formerlyCame: { writes: 0, commits: 0 },
      waitingSealCount: 0,
      unansweredCount: 0,
      answeredCount: 0,
      waiting: undefined,
      heldWrites: [],
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

function countPeak(traffic: Traffic, nowMs: number): void {
  if (nowMs >= traffic.peakUntilMs) {
    const isNext = nowMs < traffic.peakUntilMs + BUSY_MS;
    traffic.formerPeakCount = isNext ? traffic.peakCount : 0;
    traffic.peakCount = 0;
    traffic.formerlyCame = isNext ? traffic.came : { writes: 0, commits: 0 };
    traffic.came = { writes: 0, commits: 0 };
    traffic.peakUntilMs = nowMs + BUSY_MS;
  }
  traffic.peakCount = Math.max(traffic.peakCount, traffic.underWayCount);
}

function isMostlyWaiting({ waitingSealCount, peakCount, formerPeakCount }: Traffic): boolean {
  return 2 * waitingSealCount > 1 + Math.max(peakCount, formerPeakCount);
}

/**
 * Returns how many writes a seal is to have before more are let on: as many as come for a commit.
 * One more, and another commit would find none.
 */
function writesPerSeal({ came, formerlyCame }: Traffic): number {
  const commits = came.commits + formerlyCame.commits;
  const perCommit = (came.writes + formerlyCame.writes) / Math.max(1, commits);
  return Math.max(1, Math.ceil(perCommit - COUNTED_LOOSELY));
}

function letOn({ heldWrites }: Traffic, count: number): void {
  for (const held of heldWrites.splice(0, count)) held.abort();
}
