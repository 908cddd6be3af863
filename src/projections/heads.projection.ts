import type { StoredBranchEvent } from '../domain/branch/branch.events.js';
import { branchOfStream } from '../domain/branch/branch.stream.js';
import type { RepositoryRowsDropped } from '../domain/repository/repository.events.js';
import type { KvWrite } from '../ports/kv-store.js';
import { utf8 } from '../shared/bytes.js';
import { drop, put, remove } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import type { Projection } from './projection.js';

type HeadEvent = Extract<
  StoredBranchEvent,
  { type: 'BranchCreated' | 'BranchDeleted' | 'Committed' | 'HeadMoved' | 'Merged' | 'Undone' }
>;

/** Branches by the commit that they stand at. Each event says which one it was before. */
export const headsProjection: Projection<HeadEvent | RepositoryRowsDropped> = {
  name: 'heads',
  version: 1,
  takes: [
    'BranchCreated',
    'BranchDeleted',
    'Committed',
    'HeadMoved',
    'Merged',
    'Undone',
    'RepositoryRowsDropped',
  ],

  project({ stream, event }) {
    if (event.type === 'RepositoryRowsDropped') {
      if (event.rows !== 'heads') return [];
      const until = event.until === undefined ? undefined : utf8(event.until);
      return [drop(partitions.heads(event.uid), until)];
    }
    const { uid, branch } = branchOfStream(stream);
    const partition = partitions.heads(uid);
    const [before, after] = movedBy(event);
    const writes: KvWrite[] = [];
    if (before === after) return writes;
    if (before !== undefined) writes.push(remove(partition, keys.head(before, branch)));
    if (after !== undefined) writes.push(put(partition, keys.head(after, branch), { branch }));
    return writes;
  },
};

function movedBy(event: HeadEvent) {
  switch (event.type) {
    case 'BranchCreated':
      return [undefined, event.head.commitId];
    case 'BranchDeleted':
      // One of an older program does not say where it was: readers look at the branch itself too.
      return [event.head, undefined];
    case 'HeadMoved':
    case 'Undone':
      return [event.from, event.to.commitId];
    case 'Committed':
    case 'Merged':
      return [event.from, event.commit.id];
  }
}
