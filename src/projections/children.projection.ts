import type { Committed, Merged, StoredBranchEvent } from '../domain/branch/branch.events.js';
import { branchOfStream } from '../domain/branch/branch.stream.js';
import type { CommitRecorded } from '../domain/commit/commit.events.js';
import { commitOfStream } from '../domain/commit/commit.stream.js';
import type { CommitRecord, RepositoryUid } from '../domain/model.js';
import type { RepositoryRowsDropped } from '../domain/repository/repository.events.js';
import type { KvWrite } from '../ports/kv-store.js';
import { utf8 } from '../shared/bytes.js';
import { drop, put } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import type { Projection } from './projection.js';

type ChildEvent =
  Extract<StoredBranchEvent, Committed | Merged> | CommitRecorded | RepositoryRowsDropped;

/**
 * Commits by their main parent: a commit without a row is nobody's first parent. Rows are only
 * added, so it does not matter in which order commits are recorded, nor how often.
 */
export const childrenProjection: Projection<ChildEvent> = {
  name: 'children',
  version: 1,
  takes: ['Committed', 'Merged', 'CommitRecorded', 'RepositoryRowsDropped'],

  project({ stream, event }) {
    switch (event.type) {
      case 'RepositoryRowsDropped': {
        if (event.rows !== 'children') return [];
        const until = event.until === undefined ? undefined : utf8(event.until);
        return [drop(partitions.children(event.uid), until)];
      }
      case 'CommitRecorded':
        return childOf(commitOfStream(stream).uid, event.commit);
      case 'Committed':
      case 'Merged':
        return childOf(branchOfStream(stream).uid, event.commit);
    }
  },
};

function childOf(uid: RepositoryUid, { id, parents, version }: CommitRecord): readonly KvWrite[] {
  // In old data the main parent of a merge is the second.
  const main = version === 0 && parents.length > 1 ? parents[1] : parents[0];
  if (main === undefined) return [];
  return [put(partitions.children(uid), keys.child(main, id), { id })];
}
