import type { BranchResult } from '../../domain/branch/branch.events.js';
import type { CommitWish } from '../../domain/branch/branch.wishes.js';
import { commitOn } from '../../domain/commit/commit-on.js';
import type { ChangeBatch } from '../../ports/committed-store.js';
import { failedBy, failedClean } from './failed.js';
import { sealedTokens, type Pending, type ResultStores } from './pending.js';
import type { ResultPass } from './result-pass.js';

/**
 * Builds what a pending commit comes to; its files are on their way to the store, as `pass`
 * knows.
 */
export async function buildCommit(
  stores: ResultStores,
  pass: ResultPass,
  pending: Pending,
  { allowsEmpty }: CommitWish,
): Promise<BranchResult> {
  const { place, branch, request } = pending;
  const intentId = request.id;
  const { namespace } = place.repository;
  const staged = new Counted(pass.changes(sealedTokens(pending)));
  const { metaRangeId, addedCount, changedCount, removedCount, stored } =
    await stores.committed.lay(namespace, branch.head.metaRangeId, staged, request.ranges);
  pass.isStoring(stored);
  const isEmpty = addedCount + changedCount + removedCount === 0;
  if (isEmpty && !allowsEmpty) {
    // Of no rows there is nothing to restate, and no need to read them again.
    return staged.batchCount === 0
      ? failedBy(intentId, 'no_changes')
      : failedClean(stores, pending, 'no_changes');
  }
  const tree = metaRangeId === '' ? await stores.committed.storeEmpty(namespace) : metaRangeId;
  const commit = commitOn(branch.head, request, tree);
  return { type: 'Committed', intentId, from: branch.head.commitId, commit };
}

class Counted {
  batchCount = 0;

  constructor(private readonly changes: AsyncIterable<ChangeBatch>) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<ChangeBatch> {
    for await (const batch of this.changes) {
      this.batchCount++;
      yield batch;
    }
  }
}
