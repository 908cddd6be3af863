import { assert } from '../../shared/assert.js';
import type { CommitId, RepositoryUid } from '../model.js';

export const COMMIT_STREAM_PREFIX = 'commit-';

/** Returns the stream of a commit that was brought in as data; one made here has none. */
export const commitStream = (uid: RepositoryUid, commit: CommitId): string =>
  `${COMMIT_STREAM_PREFIX}${uid}-${commit}`;

export function commitOfStream(stream: string): { uid: RepositoryUid; commit: CommitId } {
  const match = /^commit-([0-9a-v]{20})-([0-9a-f]{64})$/.exec(stream);
  assert(match?.[1] && match[2], `not the stream of a commit: ${stream}`);
  return { uid: match[1] as RepositoryUid, commit: match[2] as CommitId };
}
