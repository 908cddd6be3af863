import { branchDecider } from '../../domain/branch/branch.decider.js';
import type { BranchEvent, IntentRequest } from '../../domain/branch/branch.events.js';
import { isDeleting, type LiveBranch } from '../../domain/branch/branch.state.js';
import { REQUEST_PART } from '../../domain/branch/intent-parts.js';
import { DomainError } from '../../domain/errors.js';
import { stagingStream } from '../../domain/staging/staging.stream.js';
import type { Clock } from '../../ports/clock.js';
import type { EventLog, StreamAppend } from '../../ports/event-log.js';
import { WrongExpectedRevision } from '../../ports/store-errors.js';
import { failpoint } from '../../shared/failpoint.js';
import type { InTurn } from '../../shared/in-turn.js';
import { contextOf, newEvent } from '../new-events.js';
import type { Request } from '../request.js';
import { controlStream, type Branches, type BranchFold, type BranchPlace } from './branches.js';
import { refusalByRule } from './branch-protection.js';
import type { SealPlace } from './branch-traffic.js';
import { live, opensOf, tokenAt, type LiveFold, type Successors } from './successor.js';

/** Lost races of one request before its caller is told that the branch is busy. */
const TRIES_MAX = 200;

/** An intent, and its place in the line of those that seal. */
export interface AskedIntent {
  readonly intent: IntentRequest;
  readonly seal: SealPlace;
  /** Is appended with the request: without it, nothing is asked for. */
  readonly right: StreamAppend | undefined;
}

/** Puts intents into a branch's queue, sealing the newest token with each. */
export class IntentRequests {
  constructor(
    private readonly log: EventLog,
    private readonly clock: Clock,
    private readonly branches: Branches,
    private readonly successors: Successors,
    /** Completes what is queued: behind a deletion nothing is requested. */
    private readonly help: (place: BranchPlace, request: Request) => Promise<void>,
    /** Appends of this process to one control stream: side by side they would refuse each other. */
    private readonly appends: InTurn,
  ) {}

  /**
   * Returns when an intent is in the queue, or was completed.
   *
   * @throws DomainError  branch_not_found; branch_busy: nothing was accepted; protected_…
   * @throws WrongExpectedRevision  of the stream of its right
   */
  async request(place: BranchPlace, asked: AskedIntent, request: Request): Promise<void> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const said = await this.#inTurn(place, () => this.#request(place, asked, request));
      if (said === 'accepted') return;
      // Behind a delete nothing is asked for, and who completes it needs the turn.
      await this.help(place, request);
      await this.branches.view(place);
    }
    throw new DomainError('branch_busy', { waitingCount: TRIES_MAX });
  }

  /** On a log with groups one is sent behind the other. */
  #inTurn<Result>(place: BranchPlace, work: () => Promise<Result>): Promise<Result> {
    return this.log.groups === 'whole' ? work() : this.appends.run(controlStream(place), work);
  }

  async #request(
    place: BranchPlace,
    { intent, seal, right }: AskedIntent,
    request: Request,
  ): Promise<'accepted' | 'deleting'> {
    let fold = await this.branches.likely(place);
    let isNewestClosed = false;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      await failpoint('intent.beforeRequest');
      // From here to the append nothing else of this process is sent to the branch.
      const newest = this.branches.ahead(place);
      if (newest?.state.status === 'live' && !isNewestClosed) fold = newest;
      const at = live(fold);
      const { state } = at;
      if (isDeleting(state)) {
        if (at.mark === undefined) return 'deleting';
        // There is nothing to help on yet: it is only sent.
        fold = await this.#decided(place);
        continue;
      }
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
      if (events.length === 0) {
        if (at.mark === undefined) return 'accepted';
        // Of what is only sent nobody knows yet.
        fold = await this.#decided(place);
        continue;
      }
      if (state.tokens.hi < 0) {
        if (at.mark !== undefined) {
          // A branch that is only sent may come to be when its repository has gone.
          fold = await this.#decided(place);
          continue;
        }
        if (await protection.admit(place, state, request)) {
          isNewestClosed = false;
          fold = await this.branches.view(place);
          continue;
        }
      }
      const mayBeOpened = tries > 0 && this.log.groups === 'stepwise';
      const step = { intent, seal, right, events, isNewestClosed, mayBeOpened };
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

  /** Returns the branch when it is clear what becomes of all that was sent. */
  async #decided(place: BranchPlace): Promise<BranchFold> {
    await this.branches.decided(place);
    return this.branches.view(place);
  }

  /** Close, open the next, request: all or none, or in steps. */
  async #appendRequest(
    place: BranchPlace,
    fold: LiveFold,
    step: AskedIntent & {
      readonly events: readonly BranchEvent[];
      readonly isNewestClosed: boolean;
      readonly mayBeOpened: boolean;
    },
    request: Request,
  ): Promise<'accepted' | 'closed' | 'lost'> {
    const { intent, events, right } = step;
    const { hi } = fold.state.tokens;
    // In steps too it comes first: what closes a token asks for the intent.
    const beside: StreamAppend[] = right ? [right] : [];
    if (hi >= 0 && !step.isNewestClosed) {
      const closed = { type: 'TokenClosed', request: intent } as const;
      beside.push({
        stream: stagingStream(tokenAt(place, fold.state, hi)),
        expected: 'open',
        events: [newEvent(closed, intent.id, 'close')],
      });
    }
    const opens = opensOf(events);
    if (opens !== undefined) {
      const stream = stagingStream(tokenAt(place, fold.state, opens));
      const opened = newEvent({ type: 'TokenOpened' }, intent.id, `open-${opens}`);
      // Whoever opened it may have died before it was named.
      const isOpened = step.mayBeOpened && (await this.log.end(stream)).revision >= 0;
      if (!isOpened) beside.push({ stream, expected: 'none', events: [opened] });
    }
    const append = { events, of: () => intent.id, part: REQUEST_PART, beside, accepts: request };
    const appended = this.branches.append(place, fold, append, contextOf(request, this.clock));
    step.seal.sealed();
    const lost = await appended;
    if (lost === undefined) {
      await failpoint('intent.afterRequest');
      return 'accepted';
    }
    if (await this.branches.isAccepted(place, append, lost)) return 'accepted';
    if (lost instanceof WrongExpectedRevision && lost.stream === right?.stream) throw lost;
    return lost instanceof WrongExpectedRevision && lost.reason === 'closed' ? 'closed' : 'lost';
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
