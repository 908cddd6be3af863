import type { EventSchemas } from '../upcast.js';
import type { RepositoryEvent } from './repository.events.js';

export const repositorySchemas: EventSchemas<RepositoryEvent> = {
  RepositoryCreated: { version: 1 },
  RepositoryMetadataSet: { version: 1 },
  BranchRulesSet: { version: 1 },
  BranchRulesApplied: { version: 1 },
  RepositoryDeletionRequested: { version: 1 },
  RepositoryRowsDropped: { version: 1 },
  RepositoryPurged: { version: 1 },
};
