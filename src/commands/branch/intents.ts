import { LRUCache } from 'lru-cache';
import { branchDecider } from '../../domain/branch/branch.decider.js';
import type {
  BranchEvent,
  BranchResult,
  IntentRequest,
} from '../../domain/branch/branch.events.js';
import { evolveBranch } from '../../domain/branch/branch.evolve.js';
import {
  intentIdOf,
  mustAsk,
  type LiveBranch,
  type PendingIntent,
  type PendingRequest,
} from '../../domain/branch/branch.state.js';
import { DomainError } from '../../domain/errors.js';
import type { IntentId } from '../../domain/model.js';
import { stagingStream } from '../../domain/staging/staging.stream.js';
import type { Clock } from '../../ports/clock.js';
import type { EventContext, EventLog, StreamAppend } from '../../ports/event-log.js';
import type { Ids } from '../../ports/ids.js';
import type { HookMoment, HookRunner } from '../../ports/hook-runner.js';
import { assert, InvariantError } from '../../shared/assert.js';
import { failpoint } from '../../shared/failpoint.js';
import { InTurn, OnceAtATime } from '../../shared/in-turn.js';
import { contextOf, newEvent } from '../new-events.js';
import type { Request } from '../request.js';
import {
  controlStream,
  queueOf,
  type Branches,
  type BranchFold,
  type BranchPlace,
  type IntentOutcome,
} from './branches.js';
import type { BranchTraffic } from './branch-traffic.js';
import { buildResult } from './build-result.js';
import { CommitsAtOnce } from './commits-at-once.js';
import { failedBy } from './failed.js';
import { Follower } from './follower.js';
import { HookSteps } from './hook-steps.js';
import { IntentRequests, type AskedIntent } from './intent-requests.js';
import type { ResultStores } from './pending.js';
import { ResultPass } from './result-pass.js';
import { live, tokenAt, type LiveFold, type Successors } from './successor.js';

/** Intents that one pass builds before their results are appended. */
const INTENTS_PER_PASS = 16;

/** Branches whose queues were begun at this node: of more, it looks on before it helps. */
const BRANCHES_MAX = 1_000;

/** How long the line of those that are to seal waits for what is queued before them. */
const WAIT_IN_LINE_MS = 500;

export interface IntentLimits {
  /** How long a caller waits for an accepted intent, which completes all the same. */
  readonly intentWaitMs: number;
  /** How long a node leaves a queue to another one, look by look; left out: it always helps. */
  readonly napsMs?: readonly number[];
}

export type IntentStores = {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly hooks: HookRunner;
  readonly ids: Pick<Ids, 'commandId'>;
} & ResultStores;

/** Stands for every node that could do the same: the requester, a waiting one, the sweeper. */
export class Intents {
  readonly #turns = new InTurn();
  /** Appends of this process to one control stream: side by side they would refuse each other. */
  readonly #appends = new InTurn();
  readonly #atOnce: CommitsAtOnce;
  readonly #requests: IntentRequests;
  readonly #helps = new OnceAtATime();
  readonly #looks = new OnceAtATime();
  /** Those that somebody waits for here. */
  readonly #own = new Set<IntentId>();
  /** By control stream, the newest of them that came to an empty queue; made with the first. */
  #begunHere: LRUCache<string, IntentId> | undefined;

  readonly #hooks: HookSteps;

  constructor(
    private readonly ports: IntentStores,
    private readonly branches: Branches,
    private readonly successors: Successors,
    private readonly traffic: BranchTraffic,
    private readonly limits: IntentLimits,
  ) {
    const { log, clock, hooks, ids } = ports;
    const help = (...at: [BranchPlace, Request]) => this.help(...at);
    this.#atOnce = new CommitsAtOnce(ports, branches);
    this.#requests = new IntentRequests(log, clock, branches, successors, help, this.#appends);
    // Another name each time that the process comes up: its claims of before are another's.
    this.#hooks = new HookSteps(hooks, clock, branches, ids.commandId());
  }

  /** Returns what a request for an operation must name, so that it passes the hooks of now. */
  hookSetFor(place: BranchPlace, operation: HookMoment['operation']) {
    return this.#hooks.setFor(place, operation);
  }

  /**
   * Puts an intent into a branch's queue, sealing the newest token with it, and returns what the
   * log says became of it.
   *
   * @param right  is appended with the request, of a caller that may lose its right to it
   * @throws DomainError  branch_not_found; branch_busy: nothing was accepted; intent_pending: it
   *   was, and completes without this caller
   * @throws WrongExpectedRevision  of the stream of `right`: nothing was accepted of this caller
   */
  async perform(
    place: BranchPlace,
    intent: IntentRequest,
    request: Request,
    right?: StreamAppend,
  ): Promise<IntentOutcome> {
    // Come again, it may have been completed in a life of the branch that is over.
    const before = request.once?.isRepeat && (await this.branches.outcomeOf(place, intent.id));
    if (before) return before;
    const hookSet = await this.hookSetFor(place, intent.wish.kind);
    const asked = hookSet === undefined ? intent : { ...intent, hookSet };
    const stream = controlStream(place);
    return this.traffic.during(stream, async () => {
      const known = await this.#seal(place, { intent: asked, right }, request);
      if (known) return known;
      const outcome = await this.traffic.answering(stream, () =>
        this.outcome(place, intent.id, request),
      );
      await failpoint('intent.beforeAnswer');
      return outcome;
    });
  }

  /**
   * Returns when an intent is in the queue, behind those that were asked for before it; or, of one
   * that is refused now, what became of it when another has asked for it before.
   */
  async #seal(
    place: BranchPlace,
    { intent, right }: Pick<AskedIntent, 'intent' | 'right'>,
    request: Request,
  ): Promise<IntentOutcome | undefined> {
    const stream = controlStream(place);
    const seal = this.traffic.lineUp(stream);
    try {
      const { accepted } = await this.#turns.run(stream, async () => {
        // A commit may wait for something to take; to all others a write is only in the way.
        if (intent.wish.kind === 'commit') await this.traffic.beforeSeal(stream);
        const isAlone = this.traffic.isCalm(stream);
        if (isAlone && (await this.#atOnce.commit(place, { intent, seal }, request))) {
          return { accepted: undefined };
        }
        const requested = this.#requests.request(place, { intent, seal, right }, request);
        // Two that know nothing of each other would only lose races; with groups, the next one
        // stands behind this one as soon as it is sent.
        const isWhole = this.ports.log.groups === 'whole';
        await (isWhole ? Promise.race([requested, seal.sent]) : requested);
        return { accepted: requested };
      });
      await accepted;
      return undefined;
    } catch (error) {
      // The branch may have gone since.
      const before =
        error instanceof DomainError && (await this.branches.outcomeOf(place, intent.id));
      if (before) return before;
      throw error;
    } finally {
      seal.leave();
    }
  }

  /** Waits, and helps, until the log has the result of an intent asked for at this node. */
  async outcome(place: BranchPlace, intentId: IntentId, request: Request): Promise<IntentOutcome> {
    this.#own.add(intentId);
    try {
      return await this.outcomeOfOther(place, intentId, request);
    } finally {
      this.#own.delete(intentId);
    }
  }

  /** The same of an intent that was asked for by anybody. */
  async outcomeOfOther(
    place: BranchPlace,
    intentId: IntentId,
    request: Request,
  ): Promise<IntentOutcome> {
    const untilMs = this.ports.clock.nowMs() + this.limits.intentWaitMs;
    const follower = new Follower((id) => this.#isBegunHere(place, id), this.limits.napsMs ?? []);
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
      const napMs = follower.napMs(this.branches.cached(place));
      const work = napMs === undefined ? this.help(place, request) : this.#lookOn(place, napMs);
      // Behind this intent there may be others, and more come while those are completed.
      await this.branches.seeingOutcome(intentId, work);
    }
  }

  /** Returns whether a queue was begun by an intent of this node, which may be done. */
  #isBegunHere(place: BranchPlace, begunBy: IntentId): boolean {
    const stream = controlStream(place);
    this.#begunHere ??= new LRUCache({ max: BRANCHES_MAX });
    if (this.#own.has(begunBy)) this.#begunHere.set(stream, begunBy);
    return this.#begunHere.get(stream) === begunBy;
  }

  /** Looks at a branch again after a while, once for all who wait here. */
  #lookOn(place: BranchPlace, napMs: number): Promise<void> {
    return this.#looks.run(controlStream(place), async () => {
      await this.ports.clock.sleep(napMs);
      await this.branches.view(place);
    });
  }

  /**
   * Runs work in the line of those that are to seal, so that no operation of this process seals
   * meanwhile: for who has looked in vain too often. What is right must not depend on it.
   */
  inLine<Result>(place: BranchPlace, work: () => Promise<Result>): Promise<Result> {
    return this.#turns.run(controlStream(place), work);
  }

  /** As {@link outcomeOfOther}, for a while: who waits in line holds up the others. */
  async outcomeInLine(place: BranchPlace, intentId: IntentId, request: Request): Promise<void> {
    const isOver = new AbortController();
    // Left behind it goes on helping; what it would throw the next look meets again.
    const outcome = this.outcomeOfOther(place, intentId, request);
    const ended = outcome.finally(() => isOver.abort());
    await Promise.race([ended, this.ports.clock.sleep(WAIT_IN_LINE_MS, isOver.signal)]);
  }

  /**
   * Completes what is queued on a branch, until nothing is; the same code for everybody who may.
   * What comes to the empty queue is begun by its own node. Of an intent that waits for its hooks
   * it returns after a while, with nothing done.
   */
  help(place: BranchPlace, request: Request): Promise<void> {
    const stream = controlStream(place);
    return this.#helps.run(stream, () => this.#help(place, request));
  }

  async #help(place: BranchPlace, request: Request): Promise<void> {
    const built = new Map<IntentId, Built>();
    // What this process saw last will do to begin with: a result on an old fold is refused.
    let cached = this.branches.cached(place);
    let begunBy: IntentId | undefined;
    for (;;) {
      const fold: BranchFold = isReady(cached) ? cached : await this.branches.view(place);
      cached = undefined;
      const [next] = queueOf(fold.state);
      if (next === undefined) return;
      begunBy ??= fold.begunBy;
      if (fold.begunBy !== begunBy) return;
      const at = live(fold);
      const step = mustAsk(next) ? await this.#hooks.step(place, at, request) : 'passed';
      if (step === 'moved') continue;
      if (await this.#isToldRules(place, at, request)) continue;
      if (step === 'waiting') return;
      if (next.kind === 'delete') await this.#completeDeletion(place, at, next.intentId, request);
      else if (await this.#completeNext(place, at, built, request)) {
        const now = this.branches.cached(place);
        // Right behind a result of our own it is as the log was then. A repeat moves nothing.
        if (now && now.revision > at.revision) cached = now;
        if (cached && queueOf(cached.state).length === 0) return;
      }
    }
  }

  /**
   * Asks for the rules before a token of a branch that came back is read, as is done before the
   * first one of any other is named.
   *
   * @returns whether the branch is another one now
   */
  async #isToldRules(place: BranchPlace, at: LiveFold, request: Request): Promise<boolean> {
    const [next] = at.state.queue;
    if (next?.kind !== 'request' || next.request.wish.kind !== 'restore') return false;
    try {
      return await this.successors.protection.admit(place, at.state, request);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'repository_not_found') throw error;
      // It goes, and its branches once nothing of theirs is pending: nothing comes back to it.
      const events = [failedBy(next.request.id, 'head_moved')];
      const append = { events, of: intentOf, part: 'result' };
      await this.branches.append(place, at, append, this.#contextOf(request));
      return true;
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
    const from = { stores: this.ports, pass, context: this.#contextOf(request) };
    const first = fold.state.queue.slice(0, INTENTS_PER_PASS);
    pass.readAhead(place, fold.state, first, (id) => built.has(id));
    let state: LiveBranch = fold.state;
    while (results.length < INTENTS_PER_PASS) {
      const next = state.queue[0];
      if (next?.kind !== 'request' || mustAsk(next)) break;
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
    const appended = () => {
      const newest = this.branches.ahead(place) ?? this.branches.cached(place);
      const on = newest && isStillSo(fold, newest, results.length) ? newest : fold;
      return this.branches.append(place, on, append, this.#contextOf(request));
    };
    const isWhole = this.ports.log.groups === 'whole';
    const lost = await (isWhole ? appended() : this.#appends.run(controlStream(place), appended));
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
    const isGoing = events.some(({ type }) => type === 'BranchDeleted');
    if (isGoing && hi >= 0 && !(await this.ports.log.end(stream)).isClosed) {
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

interface Built {
  readonly on: string;
  readonly result: BranchResult;
}

/** Returns all that a result depends on and that may have changed since it was asked for. */
const basisOf = ({ head, tokens }: LiveBranch, { verdict }: PendingRequest): string =>
  `${head.commitId} ${tokens.lo} ${verdict}`;

/** Of hooks the answer may have come since: a step of theirs refuses nothing, and would wait. */
function isReady(fold: BranchFold | undefined): fold is BranchFold {
  const [next] = fold ? queueOf(fold.state) : [];
  return next !== undefined && !mustAsk(next);
}

const isPending = (fold: BranchFold | undefined, intentId: IntentId): boolean =>
  fold !== undefined && queueOf(fold.state).some((pending) => intentIdOf(pending) === intentId);

/** Returns what a request's command id is to an intent. */
export const intentIdOfRequest = ({ commandId }: Request): IntentId =>
  commandId as string as IntentId;
