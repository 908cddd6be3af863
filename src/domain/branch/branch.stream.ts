import { assert } from '../../shared/assert.js';
import type { BranchId, RepositoryUid } from '../model.js';

export const BRANCH_STREAM_PREFIX = 'branch-';

/** Returns the name of a branch's control stream. */
export const branchStream = (uid: RepositoryUid, branch: BranchId): string =>
  `${BRANCH_STREAM_PREFIX}${uid}-${branch}`;

/** Reads it back: a uid has no dash, a branch's name may have. */
export function branchOfStream(stream: string): { uid: RepositoryUid; branch: BranchId } {
  const match = /^branch-([0-9a-v]{20})-(.+)$/.exec(stream);
  assert(match?.[1] && match[2], `not the stream of a branch: ${stream}`);
  return { uid: match[1] as RepositoryUid, branch: match[2] as BranchId };
}
