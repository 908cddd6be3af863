import { branchDecider } from '../../domain/branch/branch.decider.js';
import type { BranchEvent, IntentRequest } from '../../domain/branch/branch.events.js';
import { evolveBranch } from '../../domain/branch/branch.evolve.js';
import type { LiveBranch } from '../../domain/branch/branch.state.js';
import { REQUEST_PART } from '../../domain/branch/intent-parts.js';
import { stagingStream } from '../../domain/staging/staging.stream.js';
import type { Clock } from '../../ports/clock.js';
import type { EventLog, StreamAppend } from '../../ports/event-log.js';
import { assert } from '../../shared/assert.js';
import { failpoint } from '../../shared/failpoint.js';
import { contextOf, newEvent } from '../new-events.js';
import type { Request } from '../request.js';
import type { Branches, BranchFold, BranchPlace } from './branches.js';
import { buildResult } from './build-result.js';
import type { UndoStores } from '../undo/undone-words.js';
import type { SealPlace } from './branch-traffic.js';
import type { OwnToken } from './own-tokens.js';
import { ResultPass } from './result-pass.js';
import { opensOf, tokenAt, type LiveFold } from './successor.js';

/**
 * Makes a commit by one append: of a token that nobody but this process has written to, on a branch
 * with nothing pending. The token is closed at the exact revision up to which it is known, and the
 * request and its result stand one behind the other, as if two appends had made them.
 *
 * Whatever is not so, or goes wrong before the append, is left to the ordinary way.
 */
export class CommitsAtOnce {
  constructor(
    private readonly ports: UndoStores & { readonly log: EventLog; readonly clock: Clock },
    private readonly branches: Branches,
  ) {}

  /**
   * Returns whether the commit is in the log.
   *
   * @throws UnknownOutcome  it may be
   */
  async commit(
    place: BranchPlace,
    { intent, seal }: { readonly intent: IntentRequest; readonly seal: SealPlace },
    request: Request,
  ): Promise<boolean> {
    const fold = this.#quiet(place, intent);
    if (!fold) return false;
    const stream = stagingStream(tokenAt(place, fold.state, fold.state.tokens.hi));
    const token = this.branches.ownTokens.get(stream);
    if (!token || token.changes.length === 0) return false;
    await failpoint('intent.beforeRequest');
    const events = await this.#built(place, fold, { intent, token }, request).catch(
      () => undefined,
    );
    // Meanwhile somebody may have been faster: then nothing is lost but the work.
    if (!events || this.branches.cached(place) !== fold || this.branches.ahead(place)) return false;
    const append = {
      events,
      of: () => intent.id,
      part: REQUEST_PART,
      resultPart: 'result',
      beside: besideOf(place, fold, { intent, events, token }),
      accepts: request,
    };
    const appended = this.branches.append(
      place,
      fold,
      append,
      contextOf(request, this.ports.clock),
    );
    seal.sealed();
    if ((await appended) !== undefined) {
      this.branches.ownTokens.forget(stream);
      return false;
    }
    await failpoint('intent.afterRequest');
    await failpoint('intent.afterResult');
    return true;
  }

  /** Returns the branch when nothing is pending, sealed or forbidden there. */
  #quiet(place: BranchPlace, intent: IntentRequest): LiveFold | undefined {
    if (this.ports.log.groups !== 'whole' || intent.wish.kind !== 'commit') return undefined;
    if (intent.hookSet !== undefined || this.branches.ahead(place)) return undefined;
    const fold = this.branches.cached(place);
    return fold && isQuiet(fold) ? fold : undefined;
  }

  /** Returns the request and the commit; undefined when it comes to anything else. */
  async #built(
    place: BranchPlace,
    { state }: LiveFold,
    { intent, token }: { readonly intent: IntentRequest; readonly token: OwnToken },
    request: Request,
  ): Promise<readonly BranchEvent[] | undefined> {
    const requested = branchDecider.decide({ type: 'RequestIntent', intent }, state);
    let branch = state;
    for (const event of requested) branch = liveBehind(branch, event);
    const [next] = branch.queue;
    if (next?.kind !== 'request') return undefined;
    const pass = new ResultPass(this.ports);
    pass.know([tokenAt(place, state, state.tokens.hi)], token.changes);
    await failpoint('intent.beforeBuild');
    const context = contextOf(request, this.ports.clock);
    const result = await buildResult({ stores: this.ports, pass, context }, place, branch, next);
    if (result.type !== 'Committed') return undefined;
    await pass.stored();
    await failpoint('intent.afterBuild');
    return [...requested, result];
  }
}

function isQuiet(fold: BranchFold): fold is LiveFold {
  const { state } = fold;
  if (state.status === 'absent' || state.queue.length > 0) return false;
  const { lo, hi } = state.tokens;
  return lo === hi && !state.areWritesBlocked && !state.areCommitsBlocked;
}

function liveBehind(branch: LiveBranch, event: BranchEvent): LiveBranch {
  const after = evolveBranch(branch, event);
  assert(after.status === 'live', 'a request does not end a branch');
  return after;
}

/** The token is closed where it is known to end, and the next one is opened. */
function besideOf(
  place: BranchPlace,
  { state }: LiveFold,
  of: {
    readonly intent: IntentRequest;
    readonly events: readonly BranchEvent[];
    readonly token: OwnToken;
  },
): readonly StreamAppend[] {
  const { intent, events, token } = of;
  const opens = opensOf(events);
  assert(opens !== undefined, 'where writes are not blocked, the next token is opened');
  const closed = { type: 'TokenClosed', request: intent } as const;
  return [
    {
      stream: stagingStream(tokenAt(place, state, state.tokens.hi)),
      expected: token.revision,
      events: [newEvent(closed, intent.id, 'close')],
    },
    {
      stream: stagingStream(tokenAt(place, state, opens)),
      expected: 'none',
      events: [newEvent({ type: 'TokenOpened' }, intent.id, `open-${opens}`)],
    },
  ];
}
