import type { BranchHead, IntentRequest } from '../branch/branch.events.js';
import type { CommitRecord, MetaRangeId } from '../model.js';
import { commitIdOf } from './commit-id.js';

/** The commit that a merge brings to a head. */
export interface OtherSide {
  readonly commit: Pick<CommitRecord, 'id' | 'generation'>;
  /** False: it is said nowhere where the changes came from. */
  readonly isParent: boolean;
}

/** Returns the commit that an intent makes on a head: the same on every node. */
export function commitOn(
  head: BranchHead,
  { message, metadata, committer, dateMs }: IntentRequest,
  metaRangeId: MetaRangeId,
  beside?: OtherSide,
): CommitRecord {
  const commit = {
    committer,
    message,
    metaRangeId,
    createdAtMs: dateMs,
    parents: [head.commitId, ...(beside?.isParent ? [beside.commit.id] : [])],
    metadata,
    generation: Math.max(head.generation, beside?.commit.generation ?? 0) + 1,
    version: 1,
  };
  return { id: commitIdOf(commit), ...commit };
}
