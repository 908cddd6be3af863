import type { RepositoryEvent } from '../domain/repository/repository.events.js';
import { unreachable } from '../shared/assert.js';
import { utf8 } from '../shared/bytes.js';
import { put, remove } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import type { Projection } from './projection.js';

/** Repositories by name, their metadata, and those on their way out. */
export const repositoriesProjection: Projection<RepositoryEvent> = {
  name: 'repositories',
  version: 1,
  takes: [
    'RepositoryCreated',
    'RepositoryMetadataSet',
    'RepositoryDeletionRequested',
    'RepositoryRowsDropped',
    'RepositoryPurged',
  ],

  project({ event }) {
    switch (event.type) {
      case 'RepositoryCreated':
        return [put(partitions.repositories, utf8(event.repository.name), event.repository)];
      case 'RepositoryMetadataSet':
        return [put(partitions.repositoryMetadata, keys.uid(event.uid), event.metadata)];
      case 'RepositoryDeletionRequested': {
        const { repository } = event;
        return [
          remove(partitions.repositories, utf8(repository.name)),
          put(partitions.repositoriesDeleting, keys.uid(repository.uid), repository),
        ];
      }
      case 'RepositoryRowsDropped':
        return [];
      case 'RepositoryPurged':
        return [
          remove(partitions.repositoriesDeleting, keys.uid(event.uid)),
          remove(partitions.repositoryMetadata, keys.uid(event.uid)),
        ];
      default:
        return unreachable(event);
    }
  },
};
