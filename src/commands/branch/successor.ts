import { branchDecider, isBlocked } from '../../domain/branch/branch.decider.js';
import type { BranchEvent, IntentRequest } from '../../domain/branch/branch.events.js';
import { REQUEST_PART } from '../../domain/branch/intent-parts.js';
import { intentIdOf, type LiveBranch } from '../../domain/branch/branch.state.js';
import { DomainError } from '../../domain/errors.js';
import { decodeEvent } from '../../domain/event-types.js';
import type { StagingToken } from '../../domain/model.js';
import type { TokenClosed } from '../../domain/staging/staging.events.js';
import { stagingStream, stagingToken } from '../../domain/staging/staging.stream.js';
import type { Clock } from '../../ports/clock.js';
import type { EventLog } from '../../ports/event-log.js';
import type { RepositoriesView } from '../../projections/repositories.view.js';
import { assert } from '../../shared/assert.js';
import { failpoint } from '../../shared/failpoint.js';
import { contextOf, newEvent } from '../new-events.js';
import type { Request } from '../request.js';
import { BranchProtection } from './branch-protection.js';
import { type Branches, type BranchFold, type BranchPlace } from './branches.js';

export interface LiveFold extends BranchFold {
  readonly state: LiveBranch;
}

/** Returns the fold as one of a live branch. @throws DomainError branch_not_found */
export function live(fold: BranchFold): LiveFold {
  if (fold.state.status === 'absent') throw new DomainError('branch_not_found');
  return fold as LiveFold;
}

/** Names the token behind one that is closed and has no successor. */
export class Successors {
  readonly protection: BranchProtection;

  constructor(
    private readonly log: EventLog,
    private readonly branches: Branches,
    repositories: RepositoriesView,
    private readonly clock: Clock,
  ) {
    this.protection = new BranchProtection(log, branches, repositories, clock);
  }

  /**
   * Names the next token, on behalf of whoever closed the newest one: a request that stands in its
   * closing event is appended first, since that *is* how its successor is named. A lost race is
   * not an error: the caller looks again.
   *
   * @throws DomainError  repository_not_found, branch_not_found, protected_branch_write
   */
  async name(place: BranchPlace, fold: LiveFold, request: Request): Promise<void> {
    if (await this.protection.admit(place, fold.state, request)) return;
    const closing = await this.#closing(place, fold.state);
    // Who was told "closed" of this ordinal may have been told so in a life that is over.
    if (closing === 'open') return;
    const closedFor = closing?.request;
    const isKnown = closedFor && (await this.#isKnown(place, fold.state, closedFor));
    // A request that a rule has forbidden since is not in the queue, and will not be.
    const isOwed = closedFor && !isKnown && !isBlocked(closedFor.wish, fold.state);
    const events = branchDecider.decide(
      isOwed ? { type: 'RequestIntent', intent: closedFor } : { type: 'RotateToken' },
      fold.state,
    );
    const of = isOwed ? closedFor.id : request.commandId;
    const { life } = fold.state;
    // By life too: one command may name the first token of two.
    const part = isOwed ? REQUEST_PART : `rotate-${life}-${opensOf(events)}`;
    await this.#append(place, fold, { events, of, part }, request);
  }

  async #append(
    place: BranchPlace,
    fold: LiveFold,
    { events, of, part }: { events: readonly BranchEvent[]; of: string; part: string },
    request: Request,
  ): Promise<void> {
    const opens = opensOf(events);
    assert(opens !== undefined, 'a token is named');
    const stream = stagingStream(tokenAt(place, fold.state, opens));
    // A crash between two separate appends leaves the successor open and unnamed.
    const isOpened = (await this.log.end(stream)).revision >= 0;
    const event = newEvent({ type: 'TokenOpened' }, of, `open-${opens}`);
    const beside = isOpened ? [] : [{ stream, expected: 'none' as const, events: [event] }];
    await failpoint('token.beforeRotate');
    const append = { events, of: () => of, part, beside };
    await this.branches.append(place, fold, append, contextOf(request, this.clock));
    await failpoint('token.afterRotate');
  }

  /** Returns what closed the newest token; undefined of a branch that has none yet. */
  async #closing(
    place: BranchPlace,
    state: LiveBranch,
  ): Promise<TokenClosed | { readonly request: undefined } | 'open' | undefined> {
    const { hi } = state.tokens;
    if (hi < 0) return undefined;
    const stream = stagingStream(tokenAt(place, state, hi));
    const { revision, isClosed } = await this.log.end(stream);
    if (!isClosed) return 'open';
    const options = { from: revision, direction: 'backward', limit: 1 } as const;
    const [last] = await this.log.read(stream, options);
    const event = last && decodeEvent(last);
    return event?.type === 'TokenClosed' ? event : { request: undefined };
  }

  async #isKnown(place: BranchPlace, state: LiveBranch, { id }: IntentRequest): Promise<boolean> {
    if (state.queue.some((pending) => intentIdOf(pending) === id)) return true;
    return (await this.branches.outcomeOf(place, id)) !== undefined;
  }
}

/** Returns the ordinal that control events open; undefined: none. */
export function opensOf(events: readonly BranchEvent[]): number | undefined {
  for (const event of events) if ('opens' in event) return event.opens;
  return undefined;
}

/** Returns the token of a branch's life with this ordinal. */
export const tokenAt = (
  { repository, branch }: BranchPlace,
  { life }: LiveBranch,
  ordinal: number,
): StagingToken => stagingToken({ uid: repository.uid, branch, life, ordinal });
