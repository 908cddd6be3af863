import type { CommitRecord, MetaRangeId } from '../model.js';
import { commitIdOf } from './commit-id.js';

/** Returns the commit that every repository begins with: an empty tree, by nobody. */
export function firstCommit(nowMs: number): CommitRecord {
  const commit = {
    committer: '',
    message: 'Repository created',
    metaRangeId: '' as MetaRangeId,
    createdAtMs: Math.floor(nowMs / 1000) * 1000,
    parents: [],
    metadata: [],
    generation: 1,
    version: 1,
  };
  return { id: commitIdOf(commit), ...commit };
}
