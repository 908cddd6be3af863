import type { CommitRecord, Metadata } from '../model.js';
import type { RepositoryRecord } from './repository.events.js';

export type RepositoryCommand =
  | {
      readonly type: 'CreateRepository';
      readonly repository: RepositoryRecord;
      readonly firstCommit: CommitRecord | null;
    }
  | { readonly type: 'SetMetadata'; readonly set: Metadata; readonly unset: readonly string[] }
  | { readonly type: 'RequestDeletion'; readonly isForced: boolean }
  | {
      readonly type: 'DropRows';
      readonly rows: 'branches' | 'commits' | 'tags';
      readonly until: string | undefined;
    }
  /** Precondition: its branches are deleted and its rows dropped. */
  | { readonly type: 'Purge' };
