import type { MetaRangeId, RepositoryId } from '../model.js';

/** The three files that a dump of a repository's refs begins with. */
export interface RefsDump {
  readonly commits: MetaRangeId;
  readonly tags: MetaRangeId;
  readonly branches: MetaRangeId;
}

export type RefsWork =
  | { readonly kind: 'dump' }
  | { readonly kind: 'restore'; readonly refs: RefsDump; readonly isForced: boolean };

/** A dump or a restore of refs was asked for, and is worked on. */
export interface RefsTaskRequested {
  readonly type: 'RefsTaskRequested';
  /** Its name; which one it was says the stream. */
  readonly repository: RepositoryId;
  readonly work: RefsWork;
  readonly node: string;
}

/** A node takes a task over from one that has said nothing for long. */
export interface RefsTaskResumed {
  readonly type: 'RefsTaskResumed';
  readonly node: string;
}

/** A sign of life, once a second or so. */
export interface RefsTaskProgressed {
  readonly type: 'RefsTaskProgressed';
  readonly node: string;
  /** Records written, or read and brought in, so far. */
  readonly recordCount: number;
}

/** The dump was written, or the restored refs are there. */
export interface RefsTaskCompleted {
  readonly type: 'RefsTaskCompleted';
  /** What was written, or what was brought in. */
  readonly refs: RefsDump;
}

/** It came to nothing, and says why. */
export interface RefsTaskFailed {
  readonly type: 'RefsTaskFailed';
  readonly reason: string;
}

/** Its repository is gone, or it ended long ago: nobody can ask for it any more. */
export interface RefsTaskForgotten {
  readonly type: 'RefsTaskForgotten';
}

export type RefsTaskEvent =
  | RefsTaskRequested
  | RefsTaskResumed
  | RefsTaskProgressed
  | RefsTaskCompleted
  | RefsTaskFailed
  | RefsTaskForgotten;
