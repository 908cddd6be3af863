import { assert, unreachable } from '../../shared/assert.js';
import type { CommitRecord, IntentId } from '../model.js';
import type {
  BranchCreated,
  BranchEvent,
  BranchResult,
  IntentFailure,
  IntentRequested,
  TokensFolded,
  Undone,
} from './branch.events.js';
import { fillsToken, type Wish } from './branch.wishes.js';
import {
  intentIdOf,
  isDeleting,
  mustAsk,
  type BranchState,
  type LiveBranch,
  type PendingIntent,
  type PendingRequest,
} from './branch.state.js';
import { consumedTo, hiding, newestOf, nextOf, opened, passedOver, shown } from './token-span.js';

/** What an event means for a branch. The protocol's invariants are asserted here, always. */
export function evolveBranch(branch: BranchState, event: BranchEvent): BranchState {
  if (event.type === 'BranchCreated') {
    assert(branch.status === 'absent', 'created while it lives');
    return created(event);
  }
  assert(branch.status === 'live', `${event.type} on a branch that is not there`);

  switch (event.type) {
    case 'IntentRequested':
      return requested(branch, event);
    case 'TokenRotated':
      assert(!isDeleting(branch), 'no token behind a delete');
      assert(!branch.areWritesBlocked, 'no token while writes are blocked');
      return { ...branch, tokens: opened(branch.tokens, event.opens) };
    case 'TokensFolded':
      return folded(branch, event);
    case 'BranchDeletionRequested': {
      assert(!isDeleting(branch), 'deleted once');
      const { intentId, hookSet } = event;
      const unasked = { claim: undefined, verdict: undefined };
      const pending = { kind: 'delete', intentId, hookSet, ...unasked } as const;
      return { ...branch, queue: [...branch.queue, pending] };
    }
    case 'HookClaimed': {
      const { node, untilMs } = event;
      const [next] = branch.queue;
      assert(next?.claim === undefined, 'a hook is never started twice');
      return withHead(branch, event.intentId, { claim: { node, untilMs } });
    }
    case 'HookVerdict':
      return withHead(branch, event.intentId, { verdict: event.hasPassed });
    case 'Committed':
    case 'Merged':
    case 'HeadMoved':
    case 'StagingDiscarded':
    case 'Undone':
    case 'IntentFailed':
      return completed(branch, event);
    case 'BranchDeleted': {
      const next = branch.queue[0];
      assert(next?.kind === 'delete' && next.intentId === event.intentId, 'deleted in its order');
      assert(!mustAsk(next) && next.verdict !== false, 'deleted when its hooks agree');
      return { status: 'absent' };
    }
    case 'WritesBlocked':
      return { ...inLine(branch, event), areWritesBlocked: true };
    case 'WritesAllowed': {
      assert(branch.areWritesBlocked, 'writes were blocked before they are allowed');
      assert(!isDeleting(branch), 'no token behind a delete');
      const tokens = opened(branch.tokens, event.opens);
      return { ...inLine(branch, event), areWritesBlocked: false, tokens };
    }
    case 'CommitsBlocked':
      return { ...inLine(branch, event), areCommitsBlocked: true };
    case 'CommitsAllowed':
      assert(branch.areCommitsBlocked, 'commits were blocked before they are allowed');
      return { ...inLine(branch, event), areCommitsBlocked: false };
    default:
      return unreachable(event);
  }
}

function created({ life, head, isHidden }: BranchCreated): LiveBranch {
  return {
    status: 'live',
    life,
    head,
    // No token yet: whoever opens the first reads the rules after this event, so that a rule that
    // was not seen by the creator is seen by the opener, or sees the branch.
    tokens: { lo: 0, hi: -1 },
    queue: [],
    areWritesBlocked: false,
    areCommitsBlocked: false,
    ruleRevision: 0,
    isHidden,
  };
}

function inLine(branch: LiveBranch, { ruleRevision }: { ruleRevision: number }): LiveBranch {
  assert(ruleRevision >= branch.ruleRevision, 'older rules change nothing');
  return { ...branch, ruleRevision };
}

function requested(branch: LiveBranch, event: IntentRequested): LiveBranch {
  assert(!isDeleting(branch), 'nothing is requested behind a delete');
  const isKnown = branch.queue.some((pending) => intentIdOf(pending) === event.intent.id);
  assert(!isKnown, 'an intent is accepted once');
  const { wish } = event.intent;
  assert(event.upto === newestOf(branch.tokens), 'a request takes the newest token');
  assert(wish.kind !== 'undo' || !branch.areWritesBlocked, 'nothing is undone without writes');
  const tokens = fillsToken(wish) ? hiding(branch.tokens) : branch.tokens;
  const opensNone = branch.areWritesBlocked || wish.kind === 'restore';
  assert(event.opens === (opensNone ? undefined : nextOf(tokens)), 'the next ordinal is opened');
  const pending = {
    kind: 'request',
    request: event.intent,
    upto: event.upto,
    claim: undefined,
    verdict: undefined,
  } as const;
  const queue = [...branch.queue, pending];
  return event.opens === undefined
    ? { ...branch, queue, tokens }
    : { ...branch, queue, tokens: opened(tokens, event.opens) };
}

function folded(branch: LiveBranch, { from, into, isLast }: TokensFolded): LiveBranch {
  const { tokens } = branch;
  // What is pending has sealed these tokens, and may take words out of them.
  assert(branch.queue.length === 0, 'nothing is folded while an intent is pending');
  assert(tokens.lo <= from && from < into && into < tokens.hi, 'sealed tokens are folded');
  if (!isLast) return branch;
  if (from === tokens.lo) return { ...branch, tokens: consumedTo(tokens, into) };
  const apart = (tokens.folded ?? []).filter(([first, last]) => last < from || first > into);
  const pairs = [...apart, [from, into - 1] as const].sort(([left], [right]) => left - right);
  return { ...branch, tokens: { ...tokens, folded: pairs } };
}

function withHead(
  branch: LiveBranch,
  intentId: IntentId,
  change: { claim?: { node: string; untilMs: number }; verdict?: boolean },
): LiveBranch {
  const [next, ...rest] = branch.queue;
  assert(next && intentIdOf(next) === intentId, 'hooks run at the queue’s head');
  assert(next.verdict === undefined, 'the first verdict binds');
  return { ...branch, queue: [{ ...next, ...change }, ...rest] };
}

function completed(branch: LiveBranch, result: BranchResult): LiveBranch {
  const [next, ...queue] = branch.queue;
  assert(next && intentIdOf(next) === result.intentId, 'intents are completed in order');
  assert(result.type === 'IntentFailed' || !mustAsk(next), 'what has hooks waits for them');
  assert(result.type === 'IntentFailed' || next.verdict !== false, 'what is refused fails');
  if (next.kind === 'delete') {
    assert(
      isStopped(next, result),
      'a delete is completed by BranchDeleted, unless its hooks say no',
    );
    return { ...branch, queue };
  }
  const { wish } = next.request;
  const { lo } = branch.tokens;
  const tokens = consumedTo(branch.tokens, Math.max(lo, next.upto + 1));
  if (result.type === 'IntentFailed') {
    // What an intent found no changes in says nothing that the head does not say. Kept, the tokens
    // of one who commits or merges again and again would grow without end, and with them each read.
    if (fillsToken(wish)) {
      const without = passedOver(branch.tokens, next.upto + 1);
      return { ...branch, queue, tokens: without };
    }
    const saysNothing = provesClean[result.reason];
    assert(saysNothing || result.restated.length === 0, 'restated is what changed nothing');
    if (!saysNothing) return { ...branch, queue };
    if (result.restated.length === 0) return { ...branch, queue, tokens };
    const newest = consumedTo(branch.tokens, Math.max(lo, next.upto));
    return { ...branch, queue, tokens: newest };
  }
  assert(result.type === successOf[wish.kind], 'a result of its own kind');
  if (result.type === 'StagingDiscarded') {
    const { scope } = result;
    assert(wish.kind === 'reset' && wish.scope.kind === scope.kind, 'what was asked is discarded');
    assert(result.tokens.lo === lo && result.tokens.hi === next.upto, 'of the tokens it sealed');
    if (scope.kind !== 'all') return { ...branch, queue };
    assert(result.restated.length === 0, 'of what was thrown away whole nothing is left to say');
    return { ...branch, queue, tokens };
  }
  assert(result.from === branch.head.commitId, 'the head stood still meanwhile');
  if (result.type === 'Undone') return { ...branch, queue, ...undone(branch, next, result) };
  if (result.type === 'HeadMoved') {
    assert(
      wish.kind === 'hard-reset' && wish.to === result.to.commitId,
      'moved where it was asked',
    );
    return { ...branch, queue, tokens, head: result.to };
  }
  assert(result.commit.parents[0] === result.from, 'the head is the first parent');
  return { ...branch, queue, tokens, head: headOf(result.commit) };
}

/** Returns where a branch stands when an operation of it was taken back. */
function undone(
  { tokens }: LiveBranch,
  { request: { wish }, upto }: PendingRequest,
  { of, to, token, lo }: Undone,
): Pick<LiveBranch, 'head' | 'tokens'> {
  assert(fillsToken(wish) && 'of' in wish && wish.of === of, 'what was asked is undone');
  assert(token === upto + 1, 'what comes back lies right above what was sealed');
  assert(tokens.lo <= lo && lo <= token + 1, 'what is written since stands');
  assert(lo <= token || token < tokens.hi, 'there is a newest token');
  return { head: to, tokens: consumedTo(shown(tokens, token), lo) };
}

/** What an intent of each kind comes to when it does not fail. */
const successOf = {
  commit: 'Committed',
  merge: 'Merged',
  revert: 'Merged',
  'cherry-pick': 'Merged',
  import: 'Merged',
  reset: 'StagingDiscarded',
  'hard-reset': 'HeadMoved',
  undo: 'Undone',
  restore: 'Undone',
} as const satisfies Record<Wish['kind'], BranchResult['type']>;

/** Whether a result says that an intent did not pass its hooks, and it did not. */
function isStopped({ claim, verdict }: PendingIntent, result: BranchResult): boolean {
  if (result.type !== 'IntentFailed') return false;
  if (result.reason === 'hook_refused') return verdict === false;
  return result.reason === 'hook_interrupted' && claim !== undefined && verdict === undefined;
}

/** Failures that are found only after the sealed tokens were found to change nothing. */
const provesClean: Readonly<Record<IntentFailure, boolean>> = {
  no_changes: true,
  conflict: true,
  no_merge_base: true,
  tree_missing: true,
  tree_unreadable: false,
  dirty: false,
  head_moved: false,
  hook_refused: false,
  hook_interrupted: false,
};

/** Returns what a branch keeps of the commit that it stands at. */
export const headOf = (commit: CommitRecord) => ({
  commitId: commit.id,
  metaRangeId: commit.metaRangeId,
  generation: commit.generation,
});
