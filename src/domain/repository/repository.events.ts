import type {
  BranchId,
  CommitRecord,
  Metadata,
  RepositoryId,
  RepositoryUid,
  StorageNamespace,
} from '../model.js';
import type { BranchRules } from './branch-rules.js';

/** A repository as it was created; nothing of it ever changes. */
export interface RepositoryRecord {
  readonly name: RepositoryId;
  /** Part of its branches' and tags' stream names. */
  readonly uid: RepositoryUid;
  readonly namespace: StorageNamespace;
  readonly defaultBranch: BranchId;
  readonly createdAtMs: number;
  /** Writes need `force`. */
  readonly isReadOnly: boolean;
}

/** A repository has a name from here on. */
export interface RepositoryCreated {
  readonly type: 'RepositoryCreated';
  readonly repository: RepositoryRecord;
  /** Null in a bare repository, which has no branch either. */
  readonly firstCommit: CommitRecord | null;
}

/** What is said about a repository was changed. */
export interface RepositoryMetadataSet {
  readonly type: 'RepositoryMetadataSet';
  readonly uid: RepositoryUid;
  /** All of it as it is from here on, sorted by key. */
  readonly metadata: Metadata;
}

/** All rules on branches as they are from here on; each branch is brought in line next. */
export interface BranchRulesSet extends BranchRules {
  readonly type: 'BranchRulesSet';
  readonly repository: RepositoryRecord;
}

/** Every branch is in line with the rules of this revision, which are the newest. */
export interface BranchRulesApplied {
  readonly type: 'BranchRulesApplied';
  readonly uid: RepositoryUid;
  readonly revision: number;
}

/** From here on nobody finds the repository; its branches and tags go next. */
export interface RepositoryDeletionRequested {
  readonly type: 'RepositoryDeletionRequested';
  readonly repository: RepositoryRecord;
}

/** Views whose rows are a repository's alone. */
export type RepositoryRows = 'branches' | 'children' | 'commits' | 'heads' | 'pulls' | 'tags';

/** Some rows of the views are gone, in slices, so that no append takes long. */
export interface RepositoryRowsDropped {
  readonly type: 'RepositoryRowsDropped';
  readonly uid: RepositoryUid;
  readonly rows: RepositoryRows;
  /** Exclusive; undefined: all that is left. */
  readonly until: string | undefined;
}

/** Nothing of it is left in the views. The name is free again. */
export interface RepositoryPurged {
  readonly type: 'RepositoryPurged';
  readonly uid: RepositoryUid;
}

export type RepositoryEvent =
  | RepositoryCreated
  | RepositoryMetadataSet
  | BranchRulesSet
  | BranchRulesApplied
  | RepositoryDeletionRequested
  | RepositoryRowsDropped
  | RepositoryPurged;
