import { branchDecider } from '../../domain/branch/branch.decider.js';
import type { BranchEvent } from '../../domain/branch/branch.events.js';
import type { LiveBranch } from '../../domain/branch/branch.state.js';
import { DomainError } from '../../domain/errors.js';
import { blocksOn, type BranchRules } from '../../domain/repository/branch-rules.js';
import { stagingStream, stagingToken } from '../../domain/staging/staging.stream.js';
import type { Clock } from '../../ports/clock.js';
import type { EventLog, StreamAppend } from '../../ports/event-log.js';
import { WrongExpectedRevision } from '../../ports/store-errors.js';
import type { RepositoriesView } from '../../projections/repositories.view.js';
import { contextOf, newEvent } from '../new-events.js';
import type { Request } from '../request.js';
import type { Branches, BranchFold, BranchPlace } from './branches.js';

/** Lost races of bringing one branch in line before it is given up as busy. */
const TRIES_MAX = 200;

/**
 * Brings branches in line with the rules of their repository. What blocks is said in the control
 * stream, so that who is about to name a token loses the race; then the token is closed.
 */
export class BranchProtection {
  constructor(
    private readonly log: EventLog,
    private readonly branches: Branches,
    private readonly repositories: RepositoriesView,
    private readonly clock: Clock,
  ) {}

  /** Returns when a branch does what these rules say, or newer ones; or when it is gone. */
  async apply(place: BranchPlace, rules: BranchRules, request: Request): Promise<void> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const fold = await this.branches.view(place);
      if (fold.state.status === 'absent') return;
      const events = said(place, rules, fold.state);
      if (events.length === 0) {
        // Whoever blocked it may have died before the token was closed.
        const isOpen = fold.state.areWritesBlocked && (await this.#isNewestOpen(place, fold.state));
        if (!isOpen || (await this.#close(place, fold.state, request))) return;
        continue;
      }
      if (await this.#say(place, { ...fold, state: fold.state }, { events, rules }, request)) {
        return;
      }
    }
    throw new DomainError('branch_busy', { waitingCount: TRIES_MAX });
  }

  /**
   * Asks for the repository and its rules before a branch's first token is named, and after the
   * branch was seen: a rule, or the deletion of the repository, that began before now is seen here,
   * and one that begins later finds this branch in its list.
   *
   * @returns whether the branch is another one now, so that the caller must look again
   * @throws DomainError repository_not_found
   */
  async admit(place: BranchPlace, state: LiveBranch, request: Request): Promise<boolean> {
    const rules = await this.repositories.liveRules(place.repository);
    if (said(place, rules, state).length === 0) return false;
    await this.apply(place, rules, request);
    return true;
  }

  /**
   * Returns when a branch that was found to be blocked is no more. The rules themselves are asked:
   * they may have gone before anybody has told the branch.
   *
   * @throws DomainError  `refusal`, when they still say so
   */
  async confirm(
    place: BranchPlace,
    state: LiveBranch,
    refusal: DomainError,
    request: Request,
  ): Promise<void> {
    if (!(await this.admit(place, state, request))) throw refusal;
  }

  /** All or none, or in steps: what the branch says; its token closed, or the next one opened. */
  async #say(
    place: BranchPlace,
    fold: BranchFold & { readonly state: LiveBranch },
    { events, rules }: { events: readonly BranchEvent[]; rules: BranchRules },
    request: Request,
  ): Promise<boolean> {
    const of = `${request.commandId}/rules-${rules.revision}`;
    const beside: StreamAppend[] = [];
    const after: StreamAppend[] = [];
    const opens = events.find((event) => event.type === 'WritesAllowed');
    const closes = events.some(({ type }) => type === 'WritesBlocked');
    if ((opens || closes) && (await this.#isNewestOpen(place, fold.state))) {
      // What blocks is said before the close: or else somebody names the next token.
      (closes ? after : beside).push(closing(place, fold.state, of));
    }
    if (opens) {
      const stream = tokenStream(place, fold.state, opens.opens);
      // A crash between two separate appends leaves the successor open and unnamed.
      const isOpened = (await this.log.end(stream)).revision >= 0;
      const event = newEvent({ type: 'TokenOpened' }, of, 'open');
      if (!isOpened) beside.push({ stream, expected: 'none', events: [event] });
    }
    const context = contextOf(request, this.clock);
    const parts = {
      events,
      of: ({ type }: BranchEvent) => `${of}/${type}`,
      part: 'said',
      beside,
      after,
    };
    return (await this.branches.append(place, fold, parts, context)) === undefined;
  }

  async #isNewestOpen(place: BranchPlace, state: LiveBranch): Promise<boolean> {
    const { hi } = state.tokens;
    if (hi < 0) return false;
    const { revision, isClosed } = await this.log.end(tokenStream(place, state, hi));
    return revision >= 0 && !isClosed;
  }

  async #close(place: BranchPlace, state: LiveBranch, request: Request): Promise<boolean> {
    try {
      const append = closing(place, state, `${request.commandId}/close-${state.tokens.hi}`);
      await this.log.append([append], contextOf(request, this.clock));
      return true;
    } catch (error) {
      if (error instanceof WrongExpectedRevision) return false;
      throw error;
    }
  }
}

/** Returns what is yet to be said to a branch of these rules. */
function said(
  { branch }: BranchPlace,
  rules: BranchRules,
  state: LiveBranch,
): readonly BranchEvent[] {
  const blocks = blocksOn(rules, branch);
  const command = { type: 'ApplyRules', ruleRevision: rules.revision, ...blocks } as const;
  return branchDecider.decide(command, state);
}

function closing(place: BranchPlace, state: LiveBranch, of: string): StreamAppend {
  const closed = { type: 'TokenClosed', request: undefined } as const;
  return {
    stream: tokenStream(place, state, state.tokens.hi),
    expected: 'open',
    events: [newEvent(closed, of, 'close')],
  };
}

const tokenStream = (
  { repository, branch }: BranchPlace,
  { life }: LiveBranch,
  ordinal: number,
): string => stagingStream(stagingToken({ uid: repository.uid, branch, life, ordinal }));

/** Returns an error that says that a rule forbids something; undefined of any other. */
export function refusalByRule(error: unknown): DomainError | undefined {
  if (!(error instanceof DomainError)) return undefined;
  const isOne = RULE_REFUSALS.has(error.code);
  return isOne ? error : undefined;
}

const RULE_REFUSALS: ReadonlySet<string> = new Set([
  'protected_branch',
  'protected_branch_commit',
  'protected_branch_write',
]);
