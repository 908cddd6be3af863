import type { CommitId } from '../model.js';

/** A tag names a commit. */
export interface TagCreated {
  readonly type: 'TagCreated';
  readonly commitId: CommitId;
}

/** The tag is gone; its name is free again. */
export interface TagDeleted {
  readonly type: 'TagDeleted';
  readonly commitId: CommitId;
}

export type TagEvent = TagCreated | TagDeleted;
