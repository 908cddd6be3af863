import { ContentHash } from '../../shared/content-hash.js';
import type { CommitId, CommitRecord } from '../model.js';

/**
 * Returns a commit's id: a hash of its content, so that equal commits are one commit.
 *
 * Generation, version and what is below a second of its time are not in it.
 *
 * Source: docs/formats/range.md, "Commit id".
 */
export function commitIdOf(record: Omit<CommitRecord, 'id'>): CommitId {
  const parents = new ContentHash().texts(record.parents).digest();
  return new ContentHash()
    .text('commit:v1')
    .text(record.committer)
    .text(record.message)
    .text(record.metaRangeId)
    .int64(Math.floor(record.createdAtMs / 1000))
    .textMap(record.metadata)
    .embedded(parents)
    .hex() as CommitId;
}
