import type { StoredBranchEvent } from '../domain/branch/branch.events.js';
import { branchOfStream } from '../domain/branch/branch.stream.js';
import { branchSchemas } from '../domain/branch/branch.upcasters.js';
import type { RepositoryRowsDropped } from '../domain/repository/repository.events.js';
import { utf8 } from '../shared/bytes.js';
import { drop, put, remove } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import type { Projection } from './projection.js';

/** Branches by name: head, tokens, flags. Every control event carries the record after it. */
export const branchesProjection: Projection<StoredBranchEvent | RepositoryRowsDropped> = {
  name: 'branches',
  version: 1,
  takes: [...(Object.keys(branchSchemas) as StoredBranchEvent['type'][]), 'RepositoryRowsDropped'],

  project({ stream, event }) {
    if (event.type === 'RepositoryRowsDropped') {
      if (event.rows !== 'branches') return [];
      return [
        drop(
          partitions.branches(event.uid),
          event.until === undefined ? undefined : utf8(event.until),
        ),
      ];
    }
    const { uid, branch } = branchOfStream(stream);
    const partition = partitions.branches(uid);
    const { record } = event;
    const row =
      record === null
        ? remove(partition, keys.branch(branch))
        : put(partition, keys.branch(branch), record);
    if (!movesQueue.has(event.type)) return [row];
    const key = keys.pendingBranch(uid, branch);
    const pendingCount = record?.pendingCount ?? 0;
    return [
      row,
      pendingCount > 0
        ? put(partitions.pendingBranches, key, { uid, branch, pendingCount })
        : remove(partitions.pendingBranches, key),
    ];
  },
};

/** The events after which more or fewer intents are pending than before. */
const movesQueue: ReadonlySet<string> = new Set<StoredBranchEvent['type']>([
  'IntentRequested',
  'BranchDeletionRequested',
  'Committed',
  'Merged',
  'HeadMoved',
  'StagingDiscarded',
  'Undone',
  'IntentFailed',
  'BranchDeleted',
]);
