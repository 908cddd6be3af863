import type {
  BranchId,
  CommitRecord,
  MetaRangeId,
  Metadata,
  ObjectPath,
  RepositoryId,
} from '../model.js';

/** Where an import takes from, and what its objects are called then. */
export type ImportSource =
  | {
      readonly kind: 'prefix';
      /** `scheme://…`: what stands below it, or behind it, is taken. */
      readonly uri: string;
      /** Goes before each key: "" or text that ends with a slash. */
      readonly prefix: string;
    }
  | { readonly kind: 'object'; readonly uri: string; readonly path: ObjectPath };

/** What was asked for; the branch is the one of that name when the import is done. */
export interface ImportRequested {
  readonly type: 'ImportRequested';
  /** Its name; which one it was says the stream. */
  readonly repository: RepositoryId;
  readonly branch: BranchId;
  readonly sources: readonly ImportSource[];
  readonly message: string;
  readonly metadata: Metadata;
  readonly committer: string;
  readonly isForced: boolean;
  readonly node: string;
}

/** How far a tree was written; from here anybody can go on. */
export interface ImportCheckpoint {
  /** Holds all objects up to and with `path`. */
  readonly metaRangeId: MetaRangeId;
  readonly path: ObjectPath;
  /** Objects that the sources have given up to there. */
  readonly ingestedCount: number;
}

/** A node takes an import over from one that has said nothing for long. */
export interface ImportResumed {
  readonly type: 'ImportResumed';
  readonly node: string;
}

/** A sign of life, once a second or so. */
export interface ImportProgressed {
  readonly type: 'ImportProgressed';
  readonly node: string;
  readonly ingestedCount: number;
  /** Present when more of the tree was stored since the last one. */
  readonly checkpoint: ImportCheckpoint | null;
}

/** The tree is whole and stored; from here on the commit is asked for, and nothing is cancelled. */
export interface ImportIngested {
  readonly type: 'ImportIngested';
  readonly node: string;
  readonly metaRangeId: MetaRangeId;
  readonly ingestedCount: number;
  /** The time of the commit: whole seconds. */
  readonly commitDateMs: number;
}

/** What was imported is on the branch, in one commit. */
export interface ImportCompleted {
  readonly type: 'ImportCompleted';
  readonly ingestedCount: number;
  readonly commit: CommitRecord;
}

/** Nothing of it is on the branch. */
export interface ImportFailed {
  readonly type: 'ImportFailed';
  readonly ingestedCount: number;
  readonly reason: string;
}

/** Nothing of it is on the branch. */
export interface ImportCancelled {
  readonly type: 'ImportCancelled';
  readonly ingestedCount: number;
}

/** Its repository is gone, or it ended long ago: nobody can ask for it any more. */
export interface ImportForgotten {
  readonly type: 'ImportForgotten';
}

export type ImportEvent =
  | ImportRequested
  | ImportResumed
  | ImportProgressed
  | ImportIngested
  | ImportCompleted
  | ImportFailed
  | ImportCancelled
  | ImportForgotten;
