import type { CommitRecord } from '../model.js';

/** A commit was brought in as data, not made here: its parents may come later, or never. */
export interface CommitRecorded {
  readonly type: 'CommitRecorded';
  readonly commit: CommitRecord;
}

export type CommitEvent = CommitRecorded;
