import type { BranchResult } from '../../domain/branch/branch.events.js';
import type { CommitWish } from '../../domain/branch/branch.wishes.js';
import { commitOn } from '../../domain/commit/commit-on.js';
import { stagedChanges } from '../../projections/staging.view.js';
import { failedClean } from './failed.js';
import { sealedTokens, type Pending, type ResultStores } from './pending.js';

/** Builds what a pending commit comes to. */
export async function buildCommit(
  stores: ResultStores,
  pending: Pending,
  { allowsEmpty }: CommitWish,
): Promise<BranchResult> {
  const { place, branch, request } = pending;
  const intentId = request.id;
  const { namespace } = place.repository;
  const { metaRangeId, addedCount, changedCount, removedCount } = await stores.committed.apply(
    namespace,
    branch.head.metaRangeId,
    stagedChanges(stores.kv, sealedTokens(pending)),
    request.ranges,
  );
  const isEmpty = addedCount + changedCount + removedCount === 0;
  if (isEmpty && !allowsEmpty) return failedClean(stores, pending, 'no_changes');
  const tree = metaRangeId === '' ? await stores.committed.storeEmpty(namespace) : metaRangeId;
  const commit = commitOn(branch.head, request, tree);
  return { type: 'Committed', intentId, from: branch.head.commitId, commit };
}
