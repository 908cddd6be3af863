import type { BranchHead, IntentRequest } from '../branch/branch.events.js';
import type { CommitRecord, MetaRangeId } from '../model.js';
import { commitIdOf } from './commit-id.js';

/** Returns the commit that an intent makes on a head: the same on every node. */
export function commitOn(
  head: BranchHead,
  { message, metadata, committer, dateMs }: IntentRequest,
  metaRangeId: MetaRangeId,
): CommitRecord {
  const commit = {
    committer,
    message,
    metaRangeId,
    createdAtMs: dateMs,
    parents: [head.commitId],
    metadata,
    generation: head.generation + 1,
    version: 1,
  };
  return { id: commitIdOf(commit), ...commit };
}
