import type { BranchResult } from '../../domain/branch/branch.events.js';
import type { LiveBranch, PendingIntent } from '../../domain/branch/branch.state.js';
import { commitOn } from '../../domain/commit/commit-on.js';
import { tokensBetween } from '../../domain/staging/staging.stream.js';
import type { CommittedStore } from '../../ports/committed-store.js';
import type { KvStore } from '../../ports/kv-store.js';
import { stagedChanges } from '../../projections/staging.view.js';
import { assert } from '../../shared/assert.js';
import type { BranchPlace } from './branches.js';

export type PendingRequest = Extract<PendingIntent, { kind: 'request' }>;

/**
 * Builds what a pending commit comes to: a pure function of the branch and the request, so any
 * node may, and whoever records it first has said it for all.
 */
export async function buildCommit(
  stores: { readonly kv: KvStore; readonly committed: CommittedStore },
  place: BranchPlace,
  branch: LiveBranch,
  { request, upto, verdict }: PendingRequest,
): Promise<BranchResult> {
  assert(request.wish.kind === 'commit', `no builder for ${request.wish.kind}`);
  const intentId = request.id;
  if (verdict === false)
    return { type: 'IntentFailed', intentId, reason: 'hook_refused', conflicts: [] };

  const of = { uid: place.repository.uid, branch: place.branch, life: branch.life };
  const tokens = tokensBetween(of, { lo: branch.tokens.lo, hi: upto });
  const { metaRangeId, addedCount, changedCount, removedCount } = await stores.committed.apply(
    place.repository.namespace,
    branch.head.metaRangeId,
    stagedChanges(stores.kv, tokens),
    request.ranges,
  );
  const isEmpty = addedCount + changedCount + removedCount === 0;
  if (isEmpty && !request.wish.allowsEmpty) {
    return { type: 'IntentFailed', intentId, reason: 'no_changes', conflicts: [] };
  }
  const commit = commitOn(branch.head, request, metaRangeId);
  return { type: 'Committed', intentId, from: branch.head.commitId, commit };
}
