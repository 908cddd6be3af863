import { branchDecider } from '../../domain/branch/branch.decider.js';
import type {
  BranchEvent,
  BranchResult,
  IntentRequest,
} from '../../domain/branch/branch.events.js';
import { evolveBranch } from '../../domain/branch/branch.evolve.js';
import {
  intentIdOf,
  isDeleting,
  type LiveBranch,
  type PendingIntent,
} from '../../domain/branch/branch.state.js';
import { DomainError } from '../../domain/errors.js';
import type { IntentId } from '../../domain/model.js';
import { stagingStream } from '../../domain/staging/staging.stream.js';
import type { Clock } from '../../ports/clock.js';
import type { EventContext, EventLog, StreamAppend } from '../../ports/event-log.js';
import { WrongExpectedRevision } from '../../ports/store-errors.js';
import { assert, InvariantError } from '../../shared/assert.js';
import { failpoint } from '../../shared/failpoint.js';
import { InTurn, OnceAtATime } from '../../shared/in-turn.js';
import { contextOf, newEvent } from '../new-events.js';
import type { Request } from '../request.js';
import {
  controlStream,
  type Branches,
  type BranchFold,
  type BranchPlace,
  type IntentOutcome,
} from './branches.js';
import { refusalByRule } from './branch-protection.js';
import type { BranchTraffic, SealPlace } from './branch-traffic.js';
import { buildResult } from './build-result.js';
import type { PendingRequest, ResultStores } from './pending.js';
import { ResultPass } from './result-pass.js';
import { live, REQUEST_PART, tokenAt, type LiveFold, type Successors } from './successor.js';

/** Lost races of one request before its caller is told that the branch is busy. */
const TRIES_MAX = 200;
/** Intents that one pass builds before their results are appended. */
const INTENTS_PER_PASS = 16;

export interface IntentLimits {
  /** How long a caller waits for an accepted intent, which completes all the same. */
  readonly intentWaitMs: number;
}

/** Stands for every node that could do the same: the requester, a waiting one, the sweeper. */
export class Intents {
  readonly #requests = new InTurn();
  /** Appends of this process to one control stream: side by side they would refuse each other. */
  readonly #appends = new InTurn();
  readonly #helps = new OnceAtATime();

  constructor(
    private readonly ports: {
      readonly log: EventLog;
      readonly clock: Clock;
    } & ResultStores,
    private readonly branches: Branches,
    private readonly successors: Successors,
    private readonly traffic: BranchTraffic,
    private readonly limits: IntentLimits,
  ) {}

  /**
   * Puts an intent into a branch's queue, sealing the newest token with it, and returns what the
   * log says became of it.
   *
   * @throws DomainError  branch_not_found; branch_busy: nothing was accepted; intent_pending: it
   *   was, and completes without this caller
   */
  async perform(
    place: BranchPlace,
    intent: IntentRequest,
    request: Request,
  ): Promise<IntentOutcome> {
    // Come again, it may have been completed in a life of the branch that is over.
    const before = request.once?.isRepeat && (await this.branches.outcomeOf(place, intent.id));
    if (before) return before;
    const stream = controlStream(place);
    return this.traffic.during(stream, async () => {
      const seal = this.traffic.lineUp(stream);
      try {
        // In turn, since two requests of this process would only lose races to each other.
        await this.#requests.run(stream, async () => {
          // A commit may wait for something to take; to all others a write is only in the way.
          if (intent.wish.kind === 'commit') await this.traffic.beforeSeal(stream);
          await this.#requestInTurn(place, { intent, seal }, request);
        });
      } finally {
        seal.leave();
      }
      const outcome = await this.traffic.answering(stream, () =>
        this.outcome(place, intent.id, request),
      );
      await failpoint('intent.beforeAnswer');
      return outcome;
    });
  }

  /** Waits, and helps, until the log has the result of an accepted intent. */
  async outcome(place: BranchPlace, intentId: IntentId, request: Request): Promise<IntentOutcome> {
    const untilMs = this.ports.clock.nowMs() + this.limits.intentWaitMs;
    for (;;) {
      const seen = this.branches.seenOutcome(intentId);
      if (seen) return seen;
      if (!isPending(this.branches.cached(place), intentId)) {
        const isStill = isPending(await this.branches.view(place), intentId);
        // What is not in the queue has its result, or went with the branch.
        if (!isStill) {
          return (await this.branches.outcomeOf(place, intentId)) ?? { type: 'BranchDeleted' };
        }
      }
      if (this.ports.clock.nowMs() > untilMs) {
        throw new DomainError('intent_pending', { intent: intentId });
      }
      // Behind this intent there may be others, and more come while those are completed.
      await this.branches.seeingOutcome(intentId, this.help(place, request));
    }
  }

  /** Completes what is queued on a branch; the same code for everybody who may. */
  help(place: BranchPlace, request: Request): Promise<void> {
    const stream = controlStream(place);
    return this.#helps.run(stream, () => this.#help(place, request));
  }

  async #requestInTurn(place: BranchPlace, asked: Asked, request: Request): Promise<void> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const stream = controlStream(place);
      const said = await this.#appends.run(stream, () => this.#request(place, asked, request));
      if (said === 'accepted') return;
      // Behind a delete nothing is asked for, and who completes it needs the turn.
      await this.help(place, request);
      await this.branches.view(place);
    }
    throw new DomainError('branch_busy', { waitingCount: TRIES_MAX });
  }

  async #request(
    place: BranchPlace,
    { intent, seal }: Asked,
    request: Request,
  ): Promise<'accepted' | 'deleting'> {
    let fold = await this.branches.likely(place);
    let isNewestClosed = false;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const at = live(fold);
      const { state } = at;
      if (isDeleting(state)) return 'deleting';
      const { protection } = this.successors;
      const events = decided(intent, state);
      if (events instanceof DomainError) {
        // It may have been done before there was a rule.
        if (await this.branches.outcomeOf(place, intent.id)) return 'accepted';
        await protection.confirm(place, state, events, request);
        // It has another token now, and that one is open.
        isNewestClosed = false;
        fold = await this.branches.view(place);
        continue;
      }
      if (events.length === 0) return 'accepted';
      if (state.tokens.hi < 0 && (await protection.admit(place, state, request))) {
        isNewestClosed = false;
        fold = await this.branches.view(place);
        continue;
      }
      const mayBeOpened = tries > 0 && this.ports.log.groups === 'stepwise';
      const step = { intent, seal, events, isNewestClosed, mayBeOpened };
      const refusal = await this.#appendRequest(place, at, step, request);
      if (refusal === 'accepted') return refusal;
      fold = await this.branches.view(place);
      const now = live(fold).state;
      // The same ordinal of another life is another token.
      isNewestClosed =
        refusal === 'closed' && now.life === state.life && now.tokens.hi === state.tokens.hi;
      if (isNewestClosed && !now.areWritesBlocked && !isDeleting(now)) {
        await this.successors.name(place, live(fold), request);
        isNewestClosed = false;
        fold = await this.branches.view(place);
      } else if (await this.branches.outcomeOf(place, intent.id)) {
        // The request itself has come in by another hand.
        return 'accepted';
      }
    }
    throw new DomainError('branch_busy', { waitingCount: TRIES_MAX });
  }

  /** Close, open the next, request: all or none, or in steps. */
  async #appendRequest(
    place: BranchPlace,
    fold: LiveFold,
    step: Asked & {
      readonly events: readonly BranchEvent[];
      readonly isNewestClosed: boolean;
      readonly mayBeOpened: boolean;
    },
    request: Request,
  ): Promise<'accepted' | 'closed' | 'lost'> {
    const { intent, events } = step;
    const { hi } = fold.state.tokens;
    const beside: StreamAppend[] = [];
    if (hi >= 0 && !step.isNewestClosed) {
      const closed = { type: 'TokenClosed', request: intent } as const;
      beside.push({
        stream: stagingStream(tokenAt(place, fold.state, hi)),
        expected: 'open',
        events: [newEvent(closed, intent.id, 'close')],
      });
    }
    if (!fold.state.areWritesBlocked) {
      const stream = stagingStream(tokenAt(place, fold.state, hi + 1));
      const events = [newEvent({ type: 'TokenOpened' }, intent.id, `open-${hi + 1}`)];
      // Whoever opened it may have died before it was named.
      const isOpened = step.mayBeOpened && (await this.ports.log.end(stream)).revision >= 0;
      if (!isOpened) beside.push({ stream, expected: 'none', events });
    }
    await failpoint('intent.beforeRequest');
    const append = { events, of: () => intent.id, part: REQUEST_PART, beside };
    const appended = this.branches.append(place, fold, append, this.#contextOf(request));
    step.seal.sealed();
    const lost = await appended;
    if (lost === undefined) {
      await failpoint('intent.afterRequest');
      return 'accepted';
    }
    return lost instanceof WrongExpectedRevision && lost.reason === 'closed' ? 'closed' : 'lost';
  }

  async #help(place: BranchPlace, request: Request): Promise<void> {
    const built = new Map<IntentId, Built>();
    // What this process saw last will do to begin with: a result on an old fold is refused.
    let cached = this.branches.cached(place);
    if (!hasQueue(cached)) cached = undefined;
    for (;;) {
      const fold: BranchFold = cached ?? (await this.branches.view(place));
      cached = undefined;
      if (fold.state.status === 'absent') return;
      const [next] = fold.state.queue;
      if (next === undefined) return;
      const at = live(fold);
      if (next.kind === 'delete') await this.#completeDeletion(place, at, next.intentId, request);
      else if (await this.#completeNext(place, at, built, request)) {
        const now = this.branches.cached(place);
        // Right behind a result of our own it is as the log was then. A repeat moves nothing.
        if (now && now.revision > at.revision) cached = now;
      }
    }
  }

  /**
   * Completes what is next, unless that is done: rows of what is done may be gone.
   *
   * @returns whether this call did it
   */
  async #completeNext(
    place: BranchPlace,
    fold: LiveFold,
    built: Map<IntentId, Built>,
    request: Request,
  ): Promise<boolean> {
    try {
      return await this.#completeIntents(place, fold, built, request);
    } catch (error) {
      if (!(error instanceof InvariantError)) throw error;
      if ((await this.branches.view(place)).revision === fold.revision) throw error;
      return false;
    }
  }

  async #completeIntents(
    place: BranchPlace,
    fold: LiveFold,
    built: Map<IntentId, Built>,
    request: Request,
  ): Promise<boolean> {
    const results: BranchResult[] = [];
    const building: [IntentId, Built][] = [];
    const pass = new ResultPass(this.ports);
    const from = { stores: this.ports, pass };
    pass.readAhead(place, fold.state, INTENTS_PER_PASS);
    let state: LiveBranch = fold.state;
    while (results.length < INTENTS_PER_PASS) {
      const next = state.queue[0];
      if (next?.kind !== 'request') break;
      const isCommit = next.request.wish.kind === 'commit';
      // Others look at what only the events of those before them write: the head's own commit, or
      // fewer rows.
      if (!isCommit && results.length > 0) break;
      const kept = built.get(next.request.id);
      const on = basisOf(state, next);
      await failpoint('intent.beforeBuild');
      // What was built before a lost append still holds when it stands on the same.
      const result = kept?.on === on ? kept.result : await buildResult(from, place, state, next);
      building.push([next.request.id, { on, result }]);
      results.push(result);
      // What is restated is read by who comes next, and written with the event.
      if (!isCommit || isRestating(result)) break;
      const after = evolveBranch(state, result);
      assert(after.status === 'live', 'a result does not end a branch');
      state = after;
    }
    // All of the pass were on their way together. What no file stands behind is not said.
    await pass.stored();
    for (const [id, one] of building) built.set(id, one);
    await failpoint('intent.afterBuild');
    const append = { events: results, of: intentOf, part: 'result' };
    // Of a lost race nothing follows: the caller looks again.
    const lost = await this.#appends.run(controlStream(place), () => {
      const newest = this.branches.cached(place);
      const on = newest && isStillSo(fold, newest, results.length) ? newest : fold;
      return this.branches.append(place, on, append, this.#contextOf(request));
    });
    if (lost === undefined) await failpoint('intent.afterResult');
    return lost === undefined;
  }

  async #completeDeletion(
    place: BranchPlace,
    fold: LiveFold,
    intentId: IntentId,
    request: Request,
  ): Promise<void> {
    const events = branchDecider.decide({ type: 'CompleteDeletion', intentId }, fold.state);
    const beside: StreamAppend[] = [];
    const { hi } = fold.state.tokens;
    const stream = stagingStream(tokenAt(place, fold.state, hi));
    if (hi >= 0 && !(await this.ports.log.end(stream)).isClosed) {
      const closed = { type: 'TokenClosed', request: undefined } as const;
      beside.push({ stream, expected: 'open', events: [newEvent(closed, intentId, 'close')] });
    }
    const append = { events, of: () => intentId, part: 'result', beside };
    await failpoint('token.beforeLastClose');
    await this.branches.append(place, fold, append, this.#contextOf(request));
    await failpoint('token.afterLastClose');
  }

  #contextOf(request: Request): EventContext {
    return contextOf(request, this.ports.clock);
  }
}

/** Returns what a request leads to, or that a rule forbids it. */
function decided(intent: IntentRequest, state: LiveBranch): readonly BranchEvent[] | DomainError {
  try {
    return branchDecider.decide({ type: 'RequestIntent', intent }, state);
  } catch (error) {
    const refusal = refusalByRule(error);
    if (refusal) return refusal;
    throw error;
  }
}

const isRestating = (result: BranchResult): boolean =>
  result.type === 'IntentFailed' && result.restated.length > 0;

/** Returns the intent that a result is of. */
const intentOf = (event: BranchEvent): string => ('intentId' in event ? event.intentId : '');

/** Returns whether results of a fold's first intents are those of a newer one too. */
function isStillSo(
  { state: before }: LiveFold,
  { state: now }: BranchFold,
  count: number,
): boolean {
  return (
    now.status === 'live' &&
    now.life === before.life &&
    now.head.commitId === before.head.commitId &&
    now.tokens.lo === before.tokens.lo &&
    before.queue.slice(0, count).every((pending, at) => isSame(pending, now.queue[at]))
  );
}

const isSame = (pending: PendingIntent, now: PendingIntent | undefined): boolean =>
  pending.kind === 'request' &&
  now?.kind === 'request' &&
  now.request.id === pending.request.id &&
  now.verdict === pending.verdict;

/** An intent, and its place in the line of those that seal. */
interface Asked {
  readonly intent: IntentRequest;
  readonly seal: SealPlace;
}

interface Built {
  readonly on: string;
  readonly result: BranchResult;
}

/** Returns all that a result depends on and that may have changed since it was asked for. */
const basisOf = ({ head, tokens }: LiveBranch, { verdict }: PendingRequest): string =>
  `${head.commitId} ${tokens.lo} ${verdict}`;

const hasQueue = (fold: BranchFold | undefined): fold is BranchFold =>
  fold?.state.status === 'live' && fold.state.queue.length > 0;

const isPending = (fold: BranchFold | undefined, intentId: IntentId): boolean =>
  fold?.state.status === 'live' &&
  fold.state.queue.some((pending) => intentIdOf(pending) === intentId);

/** Returns what a request's command id is to an intent. */
export const intentIdOfRequest = ({ commandId }: Request): IntentId =>
  commandId as string as IntentId;
