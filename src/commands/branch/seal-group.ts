import type { BranchEvent, IntentRequest } from '../../domain/branch/branch.events.js';
import { evolveBranch } from '../../domain/branch/branch.evolve.js';
import type { LiveBranch } from '../../domain/branch/branch.state.js';
import { stagingStream } from '../../domain/staging/staging.stream.js';
import type { EventContext, NewEvent, StreamAppend } from '../../ports/event-log.js';
import { assert } from '../../shared/assert.js';
import { newEvent } from '../new-events.js';
import type { BranchPlace } from './branches.js';
import type { Follower, WaitingCommit } from './branch-traffic.js';
import { tokenAt } from './successor.js';

/** What several commits say on a control stream, one behind the other, and beside it. */
export interface SealGroup {
  readonly events: readonly BranchEvent[];
  /** The tokens behind the one that the first seals: opened, written to, and closed by the next. */
  readonly beside: readonly StreamAppend[];
  readonly contextOf: (event: BranchEvent) => EventContext | undefined;
}

/**
 * Returns the request of a commit and of those that follow it.
 *
 * @param decide  what each leads to on the branch as it is behind those before it
 * @returns undefined when one of them is refused
 */
export function groupOf(
  place: BranchPlace,
  branch: LiveBranch,
  commits: readonly [WaitingCommit, ...Follower[]],
  decide: (intent: IntentRequest, branch: LiveBranch) => readonly BranchEvent[] | Error,
): SealGroup | undefined {
  const [first, ...followers] = commits;
  const events: BranchEvent[] = [];
  let state = branch;
  for (const { intent } of commits) {
    const decided = decide(intent, state);
    if (decided instanceof Error || decided.length === 0) return undefined;
    for (const event of decided) {
      const after = evolveBranch(state, event);
      assert(after.status === 'live', 'a request does not end a branch');
      state = after;
    }
    events.push(...decided);
  }
  const beside: StreamAppend[] = [];
  let opener = first;
  let ordinal = branch.tokens.hi + 1;
  for (const follower of followers) {
    const inside = [...follower.writes, closedBy(follower)];
    beside.push(tokenOf(place, branch, { opener, ordinal, inside }));
    opener = follower;
    ordinal++;
  }
  beside.push(tokenOf(place, branch, { opener, ordinal, inside: [] }));
  const contexts = new Map(commits.map(({ intent, context }) => [intent.id, context]));
  const contextOf = (event: BranchEvent) =>
    event.type === 'IntentRequested' ? contexts.get(event.intent.id) : undefined;
  return { events, beside, contextOf };
}

const closedBy = ({ intent, context }: WaitingCommit): NewEvent => ({
  ...newEvent({ type: 'TokenClosed', request: intent }, intent.id, 'close'),
  recorded: context,
});

function tokenOf(
  place: BranchPlace,
  branch: LiveBranch,
  { opener, ordinal, inside }: { opener: WaitingCommit; ordinal: number; inside: NewEvent[] },
): StreamAppend {
  const { intent, context } = opener;
  const opened = newEvent({ type: 'TokenOpened' }, intent.id, `open-${ordinal}`);
  return {
    stream: stagingStream(tokenAt(place, branch, ordinal)),
    expected: 'none',
    events: [{ ...opened, recorded: context }, ...inside],
  };
}
