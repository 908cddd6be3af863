import type { RepositoryEvent } from '../domain/repository/repository.events.js';
import { unreachable } from '../shared/assert.js';
import { utf8 } from '../shared/bytes.js';
import { put, remove } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import type { Projection } from './projection.js';

/** Repositories by name, their metadata, and those on their way out. */
export const repositoriesProjection: Projection<RepositoryEvent> = {
  name: 'repositories',
  version: 2,
  takes: [
    'RepositoryCreated',
    'RepositoryMetadataSet',
    'BranchRulesSet',
    'BranchRulesApplied',
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
      case 'BranchRulesSet': {
        const { repository, revision, rules } = event;
        return [
          put(partitions.branchRules, keys.uid(repository.uid), { revision, rules }),
          put(partitions.rulesPending, keys.uid(repository.uid), repository),
        ];
      }
      case 'BranchRulesApplied':
        return [remove(partitions.rulesPending, keys.uid(event.uid))];
      case 'RepositoryDeletionRequested': {
        const { repository } = event;
        return [
          remove(partitions.repositories, utf8(repository.name)),
          put(partitions.repositoriesDeleting, keys.uid(repository.uid), repository),
          remove(partitions.rulesPending, keys.uid(repository.uid)),
        ];
      }
      case 'RepositoryRowsDropped':
        return [];
      case 'RepositoryPurged':
        return [
          remove(partitions.repositoriesDeleting, keys.uid(event.uid)),
          remove(partitions.repositoryMetadata, keys.uid(event.uid)),
          remove(partitions.branchRules, keys.uid(event.uid)),
        ];
      default:
        return unreachable(event);
    }
  },
};
