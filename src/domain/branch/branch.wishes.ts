import type { CommitId, MetaRangeId, ObjectPath } from '../model.js';

/**
 * What an intent asks for, with everything that its result depends on: commits by their ids, never
 * a name that may move. Message, metadata, committer and time stand in the request around it.
 */
export type Wish =
  | CommitWish
  | MergeWish
  | RevertWish
  | CherryPickWish
  | ImportWish
  | ResetWish
  | HardResetWish
  | UndoWish
  | RestoreWish;

/** Makes no value visible or invisible. */
export interface CommitWish {
  readonly kind: 'commit';
  readonly allowsEmpty: boolean;
}

/** Who is right about an object that both sides changed; `default`: nobody, it is a conflict. */
export type MergeStrategy = 'default' | 'source-wins' | 'dest-wins';

/** Brings what a commit changed since it parted from the branch. */
export interface MergeWish {
  readonly kind: 'merge';
  readonly source: CommitId;
  readonly strategy: MergeStrategy;
  /** The new commit does not say what it was merged from. */
  readonly isSquash: boolean;
  /** A source that brings nothing makes a commit too. */
  readonly allowsEmpty: boolean;
}

/** Takes back what a commit changed against one of its parents. */
export interface RevertWish {
  readonly kind: 'revert';
  readonly commit: CommitId;
  /** From 1; 0: a commit that has one parent, or none. */
  readonly parentNumber: number;
  readonly allowsEmpty: boolean;
}

/** Brings what one commit changed against one of its parents. */
export interface CherryPickWish {
  readonly kind: 'cherry-pick';
  readonly commit: CommitId;
  /** From 1. */
  readonly parentNumber: number;
}

/** What an import replaces of the branch: all objects under a prefix, or one. */
export type ReplacedPaths =
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'object'; readonly path: ObjectPath };

/**
 * Lays a tree that was written before over the head, in place of what stands there.
 *
 * Whoever imports writes the tree first, then calls `Intents.perform` with this wish and, in the
 * request's metadata, what `withStrategy(metadata, 'source-wins')` returns. It ends as `Merged`;
 * as `IntentFailed` with `dirty` on a branch with staged changes; never in a conflict.
 */
export interface ImportWish {
  readonly kind: 'import';
  readonly source: MetaRangeId;
  /** Objects of the head at these places go, unless `source` has them. */
  readonly replaced: readonly ReplacedPaths[];
}

/** Which part of what is staged a reset throws away. */
export type ResetScope =
  | { readonly kind: 'all' }
  /** Every path that begins so. */
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'object'; readonly path: ObjectPath };

/** Throws away what is staged; the head stands. */
export interface ResetWish {
  readonly kind: 'reset';
  readonly scope: ResetScope;
}

/** Moves the head of a clean branch to a commit. */
export interface HardResetWish {
  readonly kind: 'hard-reset';
  readonly to: CommitId;
  /**
   * The head that `to` was counted from, of a ref like `main~1` on main itself: on any other head
   * the intent fails with `head_moved`. Null: `to` does not depend on the head.
   */
  readonly from: CommitId | null;
}

/**
 * Takes back one operation of this life of the branch, by an event of its own. All that it needs
 * stands in the log at that revision. It fails with `head_moved` when another operation of its kind
 * has come between.
 */
export interface UndoWish {
  readonly kind: 'undo';
  /** The revision, in the branch's stream, of the event that is undone. */
  readonly of: number;
  /** That event moved the head; else it threw away what was staged. */
  readonly movesHead: boolean;
}

/**
 * Brings what was staged on the branch when it was deleted to the life that begins right before
 * this request.
 */
export interface RestoreWish {
  readonly kind: 'restore';
  /** The revision of the `BranchDeleted`. */
  readonly of: number;
}

/** Whether an intent's words come into a token of their own, right above those that it seals. */
export const fillsToken = ({ kind }: Wish): boolean => kind === 'undo' || kind === 'restore';

/** A branch with staged changes refuses these: what they would lay over it, it would hide. */
export const wantsCleanBranch = (wish: Wish): boolean =>
  wish.kind !== 'commit' && wish.kind !== 'reset' && !fillsToken(wish);
