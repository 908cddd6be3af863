import type { BranchId, CommandId, CommitId, PullId } from '../model.js';

export type PullStatus = 'open' | 'closed' | 'merged';

/** The wish to merge a branch into another, for people to talk about. */
export interface PullRecord {
  readonly id: PullId;
  readonly title: string;
  readonly description: string;
  readonly author: string;
  readonly source: BranchId;
  readonly destination: BranchId;
  readonly createdAtMs: number;
  readonly status: PullStatus;
  /** When it was closed or merged last; null: never yet. */
  readonly closedAtMs: number | null;
  /** What it came to, when it was merged here. */
  readonly mergedCommitId: CommitId | null;
  /** The command whose merge was asked for and is not told of yet; else null. */
  readonly merging: CommandId | null;
}

/** Each carries the whole of it as it is from here on, so that a view takes it as it is. */
export interface PullRequestOpened {
  readonly type: 'PullRequestOpened';
  readonly pull: PullRecord;
}

/** Its title or its description is another one. */
export interface PullRequestEdited {
  readonly type: 'PullRequestEdited';
  readonly pull: PullRecord;
}

/** Nobody wants it merged any more, for now. */
export interface PullRequestClosed {
  readonly type: 'PullRequestClosed';
  readonly pull: PullRecord;
}

/** One that was closed is open again. */
export interface PullRequestReopened {
  readonly type: 'PullRequestReopened';
  readonly pull: PullRecord;
}

/** Its merge is asked for by the command that it names, from here on by whoever comes to it. */
export interface PullRequestMergeAsked {
  readonly type: 'PullRequestMergeAsked';
  readonly pull: PullRecord;
}

/** The merge that was asked for came to nothing. */
export interface PullRequestMergeRefused {
  readonly type: 'PullRequestMergeRefused';
  readonly pull: PullRecord;
}

/** Its commit is on the destination; or somebody says that it was merged in another way. */
export interface PullRequestMerged {
  readonly type: 'PullRequestMerged';
  readonly pull: PullRecord;
}

export type PullEvent =
  | PullRequestOpened
  | PullRequestEdited
  | PullRequestClosed
  | PullRequestReopened
  | PullRequestMergeAsked
  | PullRequestMergeRefused
  | PullRequestMerged;
