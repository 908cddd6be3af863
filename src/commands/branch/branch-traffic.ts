import type { IntentRequest } from '../../domain/branch/branch.events.js';
import type { Clock } from '../../ports/clock.js';
import type { EventContext, NewEvent } from '../../ports/event-log.js';

/** A branch is busy for so long after two operations were under way on it at once. */
const BUSY_MS = 250;
/** How long a seal that would find nothing waits for a write of those who could send one. */
const SEAL_WAIT_MS = 20;
/** So often it waits anew because somebody was answered meanwhile, or is yet to be. */
const SEAL_WAITS_MAX = 12;
/** How long a write waits for the seal before it, so that the one after it finds it. */
const WRITE_WAIT_MS = 100;
/** Commits that are requested by one append. */
const SEALS_AT_ONCE = 16;
/** Branches that are remembered; of the others nothing waits. */
const BRANCHES_MAX = 1_000;

interface Traffic {
  underWayCount: number;
  busyUntilMs: number;
  /** Operations at once, at most: in the last span of {@link BUSY_MS}, and in the one before. */
  peakCount: number;
  formerPeakCount: number;
  peakUntilMs: number;
  /** A seal is on its way to the log: the token is closed or will be, and the next is not there. */
  isSealing: boolean;
  /** Handed to the log behind the newest seal. */
  writesSinceSealCount: number;
  /** Writes that the next seal is to have, at least, before more are let on. */
  writesPerSeal: number;
  /** Who waits to seal, in the order in which they do. */
  readonly line: SealPlace[];
  /** Intents that have sealed, and whose callers hear of the outcome yet. */
  unansweredCount: number;
  answeredCount: number;
  waiting: AbortController | undefined;
  readonly heldWrites: HeldWrite[];
}

/** A commit that waits to seal, as another one can request it with its own. */
export interface WaitingCommit {
  readonly intent: IntentRequest;
  readonly context: EventContext;
}

/** A write that waits for the seal before it. */
interface HeldWrite {
  /** Undefined of one that cannot be written with others. */
  readonly events: readonly NewEvent[] | undefined;
  readonly isOn: AbortController;
  /** Set when another appends it: resolves to whether it landed. */
  landing?: Promise<boolean>;
}

/** A commit that is requested behind another one, with writes that it finds. */
export interface Follower extends WaitingCommit {
  readonly writes: readonly NewEvent[];
}

/** A place in the line of those that are to seal. */
export interface SealPlace {
  /** Undefined of what only seals on its own. */
  readonly commit: WaitingCommit | undefined;
  /** Set when another one requests it: resolves to whether it is in the queue. */
  landing: Promise<boolean> | undefined;
  /**
   * Takes out of the line who can be requested by one append with this place, each with a share of
   * the writes that wait; or, when most of those who are there wait, with none.
   *
   * @param landed  resolves to whether all of it is in the log
   */
  followers(landed: Promise<boolean>): readonly Follower[];
  /** To be called when the seal is handed to the log: what is written from now on waits for it. */
  sealing(): void;
  /** To be called when the log has answered. */
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

  /**
   * Returns undefined when a write may go on at once, as it nearly always may.
   *
   * @param events  with what stands on them, if another append may take them along
   * @returns whether it has landed already
   */
  beforeWrite(
    stream: string,
    events?: () => readonly NewEvent[] | undefined,
  ): Promise<boolean> | undefined {
    const traffic = this.#byStream.get(stream);
    if (!traffic || !mustHold(traffic)) return undefined;
    const held: HeldWrite = { events: events?.(), isOn: new AbortController() };
    traffic.heldWrites.push(held);
    return this.#afterHold(traffic, held);
  }

  async #afterHold(traffic: Traffic, held: HeldWrite): Promise<boolean> {
    await this.clock.sleep(WRITE_WAIT_MS, held.isOn.signal);
    const at = traffic.heldWrites.indexOf(held);
    if (at >= 0) traffic.heldWrites.splice(at, 1);
    return (await held.landing) ?? false;
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
  lineUp(stream: string, commit?: WaitingCommit): SealPlace {
    const traffic = this.#of(stream);
    const leave = () => {
      const at = traffic.line.indexOf(place);
      if (at >= 0) traffic.line.splice(at, 1);
      const isFree = traffic.line.length === 0 && !traffic.isSealing;
      if (isFree) letOn(traffic, traffic.heldWrites.length);
    };
    const sealing = () => {
      leave();
      traffic.isSealing = true;
      traffic.writesSinceSealCount = 0;
    };
    const sealed = () => {
      traffic.isSealing = false;
      traffic.writesPerSeal = shareOf(traffic.heldWrites.length, traffic.line.length);
      letOn(traffic, traffic.line.length === 0 ? traffic.heldWrites.length : traffic.writesPerSeal);
    };
    const followers = (landed: Promise<boolean>) => {
      sealing();
      return followersOf(traffic, landed);
    };
    const place: SealPlace = { commit, landing: undefined, followers, sealing, sealed, leave };
    traffic.line.push(place);
    return place;
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
      isSealing: false,
      writesSinceSealCount: 0,
      writesPerSeal: 1,
      line: [],
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
    traffic.peakUntilMs = nowMs + BUSY_MS;
  }
  traffic.peakCount = Math.max(traffic.peakCount, traffic.underWayCount);
}

/** Whether a write would meet a closed token, or be one too many for the next seal. */
const mustHold = ({ isSealing, line, writesSinceSealCount, writesPerSeal }: Traffic): boolean =>
  isSealing || (line.length > 0 && writesSinceSealCount >= writesPerSeal);

function isMostlyWaiting(traffic: Traffic): boolean {
  return 2 * traffic.line.length > 1 + peakOf(traffic);
}

const peakOf = ({ peakCount, formerPeakCount }: Traffic): number =>
  Math.max(peakCount, formerPeakCount);

const shareOf = (writeCount: number, sealCount: number): number =>
  Math.max(1, Math.ceil(writeCount / Math.max(1, sealCount)));

/** Those at the front of the line that have a write to find, and those that are too many. */
function followersOf(traffic: Traffic, landed: Promise<boolean>): readonly Follower[] {
  const followers: Follower[] = [];
  const { line, heldWrites } = traffic;
  const share = shareOf(heldWrites.length, Math.min(line.length, SEALS_AT_ONCE));
  while (followers.length < SEALS_AT_ONCE) {
    const commit = line[0]?.commit;
    if (!commit) break;
    const writes = plainWrites(heldWrites, share);
    if (writes.length === 0 && !isMostlyWaiting(traffic)) break;
    for (const held of writes) {
      held.landing = landed;
      held.isOn.abort();
    }
    const place = line.shift();
    if (place) place.landing = landed;
    followers.push({ ...commit, writes: writes.flatMap(({ events = [] }) => events) });
  }
  return followers;
}

/** Takes the first writes that others can append. */
function plainWrites(held: HeldWrite[], countMax: number): readonly HeldWrite[] {
  let count = 0;
  while (count < countMax && held[count]?.events) count++;
  return held.splice(0, count);
}

function letOn({ heldWrites }: Traffic, count: number): void {
  for (const { isOn } of heldWrites.splice(0, count)) isOn.abort();
}
