import type { CommitId } from '../model.js';

export interface TagCreated {
  readonly type: 'TagCreated';
  readonly commitId: CommitId;
}

export interface TagDeleted {
  readonly type: 'TagDeleted';
  readonly commitId: CommitId;
}

export type TagEvent = TagCreated | TagDeleted;
