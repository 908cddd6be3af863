import type { PullEvent } from '../domain/pull/pull.events.js';
import { pullOfStream } from '../domain/pull/pull.stream.js';
import type { RepositoryRowsDropped } from '../domain/repository/repository.events.js';
import { utf8 } from '../shared/bytes.js';
import { drop, put } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import type { Projection } from './projection.js';

/** Pull requests by id. */
export const pullsProjection: Projection<PullEvent | RepositoryRowsDropped> = {
  name: 'pulls',
  version: 1,
  takes: [
    'PullRequestOpened',
    'PullRequestEdited',
    'PullRequestClosed',
    'PullRequestReopened',
    'PullRequestMergeAsked',
    'PullRequestMergeRefused',
    'PullRequestMerged',
    'RepositoryRowsDropped',
  ],

  project({ stream, event }) {
    if (event.type === 'RepositoryRowsDropped') {
      if (event.rows !== 'pulls') return [];
      const until = event.until === undefined ? undefined : utf8(event.until);
      return [drop(partitions.pulls(event.uid), until)];
    }
    const { uid, id } = pullOfStream(stream);
    return [put(partitions.pulls(uid), keys.pull(id), event.pull)];
  },
};
