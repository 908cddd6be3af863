import { LRUCache } from 'lru-cache';
import { branchDecider } from '../../domain/branch/branch.decider.js';
import {
  hookSetOf,
  intentIdOf,
  mustAsk,
  type LiveBranch,
  type PendingIntent,
} from '../../domain/branch/branch.state.js';
import type { IntentId } from '../../domain/model.js';
import type { Clock } from '../../ports/clock.js';
import type { HookMoment, HookRunner } from '../../ports/hook-runner.js';
import { StoreUnavailable, UnknownOutcome } from '../../ports/store-errors.js';
import { contextOf } from '../new-events.js';
import type { Request } from '../request.js';
import type { Branches, BranchPlace } from './branches.js';
import type { LiveFold } from './successor.js';

/** How long one who helps waits for a hook before it looks again whether it still must. */
const LOOK_MS = 100;
/** Clocks of two nodes may differ by so much: only then is a claim of another over. */
export const CLAIM_GRACE_MS = 1_000;
/** Runs of this process that are remembered, so that none begins twice. */
const RUNS_REMEMBERED_MAX = 10_000;
/** Lost races of one verdict. */
const TRIES_MAX = 200;

/**
 * - `passed`: there is nothing to ask, or it was answered: the intent may be completed.
 * - `moved`: the control stream has gone on.
 * - `waiting`: for an answer, or for a claim to run out; it may take long.
 */
export type HookStep = 'passed' | 'moved' | 'waiting';

/**
 * Runs the hooks of an intent as steps on the control stream: a claim, which says who runs them and
 * until when; then the run, once; then the verdict. A claim that runs out without a verdict makes
 * the intent fail, for what its node has called out cannot be called back.
 */
export class HookSteps {
  readonly #underWay = new Map<IntentId, Promise<void>>();
  /** Made with the first run: it takes its room at once, and many have no hooks. */
  #begun: LRUCache<IntentId, true> | undefined;

  constructor(
    private readonly hooks: HookRunner,
    private readonly clock: Clock,
    private readonly branches: Branches,
    /** Tells this process from every other one, before and after it. */
    private readonly node: string,
  ) {}

  /** Returns what an operation must name so that it passes the hooks as they are now. */
  setFor({ repository, branch }: BranchPlace, operation: HookMoment['operation']) {
    return this.hooks.setFor({ repository, branch, operation });
  }

  /** Takes one step for the intent at the queue's head, or waits a while for someone else's. */
  async step(place: BranchPlace, fold: LiveFold, request: Request): Promise<HookStep> {
    const [next] = fold.state.queue;
    if (!next || !mustAsk(next)) return 'passed';
    const { claim } = next;
    if (!claim) return this.#claim(place, fold, next, request);
    const intentId = intentIdOf(next);
    const isOurs = claim.node === this.node;
    const overAtMs = claim.untilMs + (isOurs ? 0 : CLAIM_GRACE_MS);
    const leftMs = overAtMs - this.clock.nowMs();
    if (leftMs <= 0) return this.#claim(place, fold, next, request);
    // A claim whose answer was lost is known again by its node.
    if (isOurs && !this.#begun?.has(intentId)) this.#begin(place, fold, next, request);
    await this.#wait(this.#underWay.get(intentId), Math.min(LOOK_MS, leftMs));
    return 'waiting';
  }

  /** Claims the run, or says that its claim ran out. */
  async #claim(
    place: BranchPlace,
    fold: LiveFold,
    next: PendingIntent,
    request: Request,
  ): Promise<HookStep> {
    const intentId = intentIdOf(next);
    const nowMs = this.clock.nowMs();
    const untilMs = nowMs + this.hooks.limitMs;
    const command = { type: 'ClaimHook', intentId, node: this.node, nowMs, untilMs } as const;
    const events = branchDecider.decide(command, fold.state);
    const part = next.claim ? 'result' : `claim/${this.node}`;
    const append = { events, of: () => intentId, part };
    try {
      await this.branches.append(place, fold, append, contextOf(request, this.clock));
    } catch (error) {
      // Landed or not, the next look says so.
      if (!(error instanceof UnknownOutcome)) throw error;
    }
    return 'moved';
  }

  #begin(place: BranchPlace, fold: LiveFold, next: PendingIntent, request: Request): void {
    const intentId = intentIdOf(next);
    this.#begun ??= new LRUCache({ max: RUNS_REMEMBERED_MAX });
    this.#begun.set(intentId, true);
    const run = this.#run(place, fold.state, next)
      .then(async (hasPassed) => {
        if (hasPassed !== undefined) await this.#tell(place, { intentId, hasPassed }, request);
      })
      // Nobody hears of it; the claim runs out.
      .catch(() => undefined)
      .finally(() => this.#underWay.delete(intentId));
    this.#underWay.set(intentId, run);
  }

  /** Returns the answer of the hooks; undefined: not in time. */
  async #run(
    { repository, branch }: BranchPlace,
    { head }: LiveBranch,
    next: PendingIntent,
  ): Promise<boolean | undefined> {
    const isDelete = next.kind === 'delete';
    const operation = isDelete ? 'delete' : next.request.wish.kind;
    const answered = new AbortController();
    const late = new AbortController();
    const leftMs = (next.claim?.untilMs ?? 0) - this.clock.nowMs();
    const waits = this.clock.sleep(Math.max(0, leftMs), answered.signal).then(() => undefined);
    const run = this.hooks.run({
      repository,
      branch,
      operation,
      runId: intentIdOf(next),
      set: hookSetOf(next) ?? '',
      request: isDelete ? undefined : next.request,
      head: head.commitId,
      signal: late.signal,
    });
    try {
      return await Promise.race([run.catch(() => false), waits]);
    } finally {
      answered.abort();
      late.abort();
    }
  }

  /** Records an answer, unless the claim ran out meanwhile; the first verdict binds. */
  async #tell(
    place: BranchPlace,
    { intentId, hasPassed }: { intentId: IntentId; hasPassed: boolean },
    request: Request,
  ): Promise<void> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      try {
        const fold = await this.branches.view(place);
        if (fold.state.status === 'absent') return;
        const command = { type: 'GiveVerdict', intentId, hasPassed } as const;
        const events = branchDecider.decide(command, fold.state);
        if (events.length === 0) return;
        const append = { events, of: () => intentId, part: 'verdict' };
        await this.branches.append(place, fold, append, contextOf(request, this.clock));
      } catch (error) {
        const isPassing = error instanceof UnknownOutcome || error instanceof StoreUnavailable;
        if (!isPassing) throw error;
        await this.clock.sleep(LOOK_MS);
      }
    }
  }

  async #wait(run: Promise<void> | undefined, ms: number): Promise<void> {
    const over = new AbortController();
    const waits = this.clock.sleep(ms, over.signal);
    await (run ? Promise.race([run, waits]) : waits);
    over.abort();
  }
}
