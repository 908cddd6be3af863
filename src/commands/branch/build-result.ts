import type { BranchResult, StagingDiscarded } from '../../domain/branch/branch.events.js';
import { headOf } from '../../domain/branch/branch.evolve.js';
import type { LiveBranch, PendingRequest } from '../../domain/branch/branch.state.js';
import type { HardResetWish, ResetWish } from '../../domain/branch/branch.wishes.js';
import { unreachable } from '../../shared/assert.js';
import { failpoint } from '../../shared/failpoint.js';
import type { EventContext } from '../../ports/event-log.js';
import { BlockNotFound, CorruptData } from '../../ports/store-errors.js';
import { buildUndo } from '../undo/build-undo.js';
import type { UndoStores } from '../undo/undone-words.js';
import type { BranchPlace } from './branches.js';
import { buildCommit } from './build-commit.js';
import { buildMerged } from './build-merged.js';
import { failedBy, isClean, restated } from './failed.js';
import { commitNamed, spanOf, type Pending, type ResultStores } from './pending.js';
import type { ResultPass } from './result-pass.js';

export interface ResultSources {
  readonly stores: UndoStores;
  readonly pass: ResultPass;
  /** Stands on what is written before the result is. */
  readonly context: EventContext;
}

/**
 * Builds what a pending intent comes to: a function of the branch and the request alone, so any
 * node may, and whoever records it first has said it for all.
 *
 * A head may name a tree that never was, or a file that is none, since commits are brought in as
 * data too. Asked for again and again its intents would stand in the way of the one that leads away
 * from it; so they fail, and what they sealed stays.
 */
export async function buildResult(
  from: ResultSources,
  place: BranchPlace,
  branch: LiveBranch,
  next: PendingRequest,
): Promise<BranchResult> {
  const { request, upto, verdict } = next;
  if (verdict === false) return failedBy(request.id, 'hook_refused');
  try {
    return await built(from, { place, branch, request, upto });
  } catch (error) {
    const isUnreadable = error instanceof BlockNotFound || error instanceof CorruptData;
    if (!isUnreadable) throw error;
    return failedBy(request.id, 'tree_unreadable');
  }
}

async function built(
  { stores, pass, context }: ResultSources,
  pending: Pending,
): Promise<BranchResult> {
  const { wish } = pending.request;
  switch (wish.kind) {
    case 'commit':
      return buildCommit(stores, pass, pending, wish);
    case 'merge':
    case 'revert':
    case 'cherry-pick':
    case 'import':
      return buildMerged(stores, pending, wish);
    case 'reset':
      await failpoint('reset.beforeDiscard');
      return discard(stores, pending, wish);
    case 'hard-reset':
      return moveHead(stores, pending, wish);
    case 'undo':
    case 'restore':
      return buildUndo(stores, pending, wish, context);
    default:
      return unreachable(wish);
  }
}

async function discard(
  stores: ResultStores,
  pending: Pending,
  { scope }: ResetWish,
): Promise<StagingDiscarded> {
  const { branch, request, upto } = pending;
  const tokens = { lo: branch.tokens.lo, hi: upto };
  const said = scope.kind === 'all' ? [] : await restated(stores, pending, spanOf(scope));
  return { type: 'StagingDiscarded', intentId: request.id, scope, tokens, restated: said };
}

async function moveHead(
  stores: ResultStores,
  pending: Pending,
  { to, from }: HardResetWish,
): Promise<BranchResult> {
  const { place, branch, request } = pending;
  const { commitId } = branch.head;
  if (from !== null && from !== commitId) return failedBy(request.id, 'head_moved');
  // It would show over another tree than the one that it was staged on.
  if (!(await isClean(stores, pending))) return failedBy(request.id, 'dirty');
  const target = await commitNamed(stores, place, to);
  return { type: 'HeadMoved', intentId: request.id, from: commitId, to: headOf(target) };
}
