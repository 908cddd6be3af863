import type { RepositoryRowsDropped } from '../domain/repository/repository.events.js';
import type { TagEvent } from '../domain/tag/tag.events.js';
import { tagOfStream } from '../domain/tag/tag.stream.js';
import { utf8 } from '../shared/bytes.js';
import { drop, put, remove } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import type { Projection } from './projection.js';

/** Tags by name. */
export const tagsProjection: Projection<TagEvent | RepositoryRowsDropped> = {
  name: 'tags',
  version: 1,
  takes: ['TagCreated', 'TagDeleted', 'RepositoryRowsDropped'],

  project({ stream, event }) {
    if (event.type === 'RepositoryRowsDropped') {
      if (event.rows !== 'tags') return [];
      return [
        drop(partitions.tags(event.uid), event.until === undefined ? undefined : utf8(event.until)),
      ];
    }
    const { uid, tag } = tagOfStream(stream);
    const partition = partitions.tags(uid);
    return [
      event.type === 'TagCreated'
        ? put(partition, keys.tag(tag), { commitId: event.commitId })
        : remove(partition, keys.tag(tag)),
    ];
  },
};
