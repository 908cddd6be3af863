import type { Committed, Merged } from '../domain/branch/branch.events.js';
import { branchOfStream } from '../domain/branch/branch.stream.js';
import type { CommitRecorded } from '../domain/commit/commit.events.js';
import { commitOfStream } from '../domain/commit/commit.stream.js';
import type {
  RepositoryCreated,
  RepositoryRowsDropped,
} from '../domain/repository/repository.events.js';
import type { StoredBranchEvent } from '../domain/branch/branch.events.js';
import { unreachable } from '../shared/assert.js';
import { utf8 } from '../shared/bytes.js';
import { drop, put } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import type { Projection } from './projection.js';

type CommitEvent =
  | Extract<StoredBranchEvent, Committed | Merged>
  | CommitRecorded
  | RepositoryCreated
  | RepositoryRowsDropped;

/** Commits by id. Named by content, so a commit made twice is one row. */
export const commitsProjection: Projection<CommitEvent> = {
  name: 'commits',
  version: 1,
  takes: ['Committed', 'Merged', 'CommitRecorded', 'RepositoryCreated', 'RepositoryRowsDropped'],

  project({ stream, event }) {
    switch (event.type) {
      case 'Committed':
      case 'Merged': {
        const { uid } = branchOfStream(stream);
        return [put(partitions.commits(uid), keys.commit(event.commit.id), event.commit)];
      }
      case 'CommitRecorded': {
        const { uid } = commitOfStream(stream);
        return [put(partitions.commits(uid), keys.commit(event.commit.id), event.commit)];
      }
      case 'RepositoryCreated': {
        const { repository, firstCommit } = event;
        if (firstCommit === null) return [];
        return [put(partitions.commits(repository.uid), keys.commit(firstCommit.id), firstCommit)];
      }
      case 'RepositoryRowsDropped':
        if (event.rows !== 'commits') return [];
        return [
          drop(
            partitions.commits(event.uid),
            event.until === undefined ? undefined : utf8(event.until),
          ),
        ];
      default:
        return unreachable(event);
    }
  },
};
