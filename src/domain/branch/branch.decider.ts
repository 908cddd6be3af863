import { assert, unreachable } from '../../shared/assert.js';
import type { Decider } from '../decider.js';
import { DomainError } from '../errors.js';
import type { IntentId } from '../model.js';
import type {
  ApplyRules,
  BranchCommand,
  ClaimHook,
  CompleteIntent,
  RequestDeletion,
} from './branch.commands.js';
import type {
  BranchDeletionRequested,
  BranchEvent,
  IntentFailed,
  IntentFailure,
} from './branch.events.js';
import { evolveBranch } from './branch.evolve.js';
import { fillsToken, type Wish } from './branch.wishes.js';
import { intentIdOf, isDeleting, type BranchState, type LiveBranch } from './branch.state.js';
import { hiding, newestOf, nextOf } from './token-span.js';

/** Intents that may wait on one branch; one more is refused before it is accepted. */
export const INTENTS_PER_BRANCH_MAX = 256;

/**
 * An intent as JSON. Its result repeats what it says, and several results go in one append: one
 * that the log cannot take would stand at the queue's head for ever.
 */
export const INTENT_BYTES_MAX = 256 * 1024;

/**
 * A branch's control stream: who names a token, what waits for the head, what became of it.
 *
 * Every event is appended at the exact revision of the fold that it was decided on.
 * Source: docs/adr/0002-control-and-staging-streams-apart.md.
 */
export const branchDecider: Decider<BranchCommand, BranchState, BranchEvent> = {
  initial: { status: 'absent' },

  decide(command, branch) {
    if (command.type === 'CreateBranch') {
      if (branch.status !== 'absent') throw new DomainError('branch_exists');
      const { life, head, isHidden, restoring } = command;
      const begun = { type: 'BranchCreated', life, head, isHidden } as const;
      if (restoring === undefined) return [begun];
      // It opens no token: who opens the first one has read the rules behind this event.
      return [begun, { type: 'IntentRequested', intent: restoring, upto: -1, opens: undefined }];
    }
    if (branch.status === 'absent') throw new DomainError('branch_not_found');
    return decideLive(command, branch);
  },

  evolve: evolveBranch,
};

function decideLive(
  command: Exclude<BranchCommand, { type: 'CreateBranch' }>,
  branch: LiveBranch,
): readonly BranchEvent[] {
  switch (command.type) {
    case 'RequestIntent': {
      const { intent } = command;
      if (branch.queue.some((pending) => intentIdOf(pending) === intent.id)) return [];
      // Behind a delete nobody names a successor; the caller waits for the delete and asks again.
      if (isDeleting(branch)) throw new DomainError('branch_not_found');
      const refusal = refusalOf(intent.wish, branch);
      if (refusal) throw refusal;
      if (Buffer.byteLength(JSON.stringify(intent)) > INTENT_BYTES_MAX) {
        const reason = `message and metadata are over ${INTENT_BYTES_MAX} bytes`;
        throw new DomainError('invalid', { field: 'message', reason });
      }
      if (branch.queue.length >= INTENTS_PER_BRANCH_MAX)
        throw new DomainError('branch_busy', { waitingCount: branch.queue.length });
      const upto = newestOf(branch.tokens);
      const named = fillsToken(intent.wish) ? hiding(branch.tokens) : branch.tokens;
      const opens = branch.areWritesBlocked ? undefined : nextOf(named);
      return [{ type: 'IntentRequested', intent, upto, opens }];
    }
    case 'RotateToken':
      if (isDeleting(branch)) throw new DomainError('branch_not_found');
      if (branch.areWritesBlocked) throw new DomainError('protected_branch_write');
      return [{ type: 'TokenRotated', opens: nextOf(branch.tokens) }];
    case 'RequestDeletion':
      if (isDeleting(branch)) return [];
      return [deletionRequested(command)];
    case 'ClaimHook':
      return claim(command, branch);
    case 'GiveVerdict': {
      const next = branch.queue[0];
      if (!next || intentIdOf(next) !== command.intentId) return [];
      // The first verdict binds, whoever asks later.
      if (next.verdict !== undefined) return [];
      const { intentId, hasPassed } = command;
      return [{ type: 'HookVerdict', intentId, hasPassed }];
    }
    case 'CompleteIntent':
      return complete(command, branch);
    case 'CompleteDeletion': {
      const next = branch.queue[0];
      if (next?.kind !== 'delete' || next.intentId !== command.intentId) return [];
      if (next.verdict === false) return [failed(command.intentId, 'hook_refused')];
      const head = branch.head.commitId;
      return [{ type: 'BranchDeleted', intentId: command.intentId, head }];
    }
    case 'ApplyRules':
      return applyRules(command, branch);
    default:
      return unreachable(command);
  }
}

/**
 * Returns what is yet to be said. Newer rules are said also where they change nothing, if they
 * block: the stream moves on, and who is about to act on older rules loses the race.
 */
function applyRules(rules: ApplyRules, branch: LiveBranch): readonly BranchEvent[] {
  const { ruleRevision } = rules;
  if (ruleRevision < branch.ruleRevision) return [];
  const isNews = ruleRevision > branch.ruleRevision;
  const events: BranchEvent[] = [];
  if (rules.blocksWrites) {
    if (isNews || !branch.areWritesBlocked) events.push({ type: 'WritesBlocked', ruleRevision });
  } else if (branch.areWritesBlocked && !isDeleting(branch)) {
    events.push({ type: 'WritesAllowed', ruleRevision, opens: nextOf(branch.tokens) });
  }
  if (rules.blocksCommits) {
    if (isNews || !branch.areCommitsBlocked) events.push({ type: 'CommitsBlocked', ruleRevision });
  } else if (branch.areCommitsBlocked) {
    events.push({ type: 'CommitsAllowed', ruleRevision });
  }
  return events;
}

/** Returns whether a rule forbids an intent. A merge is what a protected branch is there for. */
export const isBlocked = (wish: Wish, branch: LiveBranch): boolean =>
  refusalOf(wish, branch) !== undefined;

function refusalOf(wish: Wish, branch: LiveBranch): DomainError | undefined {
  const { areCommitsBlocked, areWritesBlocked } = branch;
  switch (wish.kind) {
    case 'merge':
    case 'restore':
      return undefined;
    case 'undo':
      // Of a head, it is a hard reset; of a reset, a write.
      if (wish.movesHead && (areCommitsBlocked || areWritesBlocked)) {
        return new DomainError('protected_branch');
      }
      return areWritesBlocked ? new DomainError('protected_branch_write') : undefined;
    case 'reset':
      return areWritesBlocked ? new DomainError('protected_branch_write') : undefined;
    case 'hard-reset':
      return areCommitsBlocked || areWritesBlocked
        ? new DomainError('protected_branch')
        : undefined;
    case 'commit':
    case 'revert':
    case 'cherry-pick':
    case 'import':
      return areCommitsBlocked ? new DomainError('protected_branch_commit') : undefined;
    default:
      return unreachable(wish);
  }
}

function claim(command: ClaimHook, branch: LiveBranch): readonly BranchEvent[] {
  const next = branch.queue[0];
  if (!next || intentIdOf(next) !== command.intentId) return [];
  if (next.verdict !== undefined) return [];
  if (next.claim === undefined) {
    const { intentId, node, untilMs } = command;
    return [{ type: 'HookClaimed', intentId, node, untilMs }];
  }
  // Never started twice: what a dead claimer has called out cannot be called back.
  if (next.claim.untilMs > command.nowMs) return [];
  return [failed(command.intentId, 'hook_interrupted')];
}

const failed = (intentId: IntentId, reason: IntentFailure): IntentFailed => ({
  type: 'IntentFailed',
  intentId,
  reason,
  conflicts: [],
  restated: [],
});

const deletionRequested = ({ intentId, hookSet }: RequestDeletion): BranchDeletionRequested => ({
  type: 'BranchDeletionRequested',
  intentId,
  ...(hookSet !== undefined && { hookSet }),
});

function complete({ result }: CompleteIntent, branch: LiveBranch): readonly BranchEvent[] {
  const next = branch.queue[0];
  // Another node was faster, and what it recorded is the answer.
  if (next?.kind !== 'request' || next.request.id !== result.intentId) return [];
  if ('from' in result) {
    assert(result.from === branch.head.commitId, 'built on the head: intents complete in order');
  }
  if ('commit' in result) {
    assert(result.commit.parents[0] === branch.head.commitId, 'the head is the first parent');
  }
  return [result];
}
