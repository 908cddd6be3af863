import type {
  CommitId,
  CommitRecord,
  IntentId,
  MetaRangeId,
  Metadata,
  ObjectEntry,
  ObjectPath,
} from '../model.js';
import type { PathRun } from '../staging/path-run.js';
import type { ResetScope, Wish } from './branch.wishes.js';

/** The commit that a branch stands at, with what its children need of it. */
export interface BranchHead {
  readonly commitId: CommitId;
  readonly metaRangeId: MetaRangeId;
  readonly generation: number;
}

/**
 * A branch as readers need it. It stands on every control event as it is *after* that event, so
 * that a view takes it as it is, and a fold may begin at any event that leaves no intent pending.
 */
export interface BranchRecord {
  /** The revision of the `BranchCreated` that this life began with. */
  readonly life: number;
  readonly head: BranchHead;
  readonly tokens: TokenSpan;
  readonly areWritesBlocked: boolean;
  readonly isHidden: boolean;
  /** Intents accepted and not complete; 0: the branch is quiet. */
  readonly pendingCount: number;
  /** Left out: they are not. */
  readonly areCommitsBlocked?: true;
  /** The newest rules that the branch was brought in line with; left out: none ever were. */
  readonly ruleRevision?: number;
}

/** Ordinals of the tokens that hold what is not committed; none at all when `hi < lo`. */
export interface TokenSpan {
  /** The oldest that no intent has consumed. */
  readonly lo: number;
  /** The newest named, where writes go; -1 before the first write to the branch. */
  readonly hi: number;
  /**
   * Ordinals between, from the first to the last of each pair, that say nothing any more: what they
   * said was folded into the one behind the pair. Ascending; left out: there are none.
   */
  readonly folded?: readonly (readonly [number, number])[];
  /**
   * Ordinals of tokens that an undo fills, each behind the newest one of its time: nobody writes to
   * them, and nobody reads them until it is complete. Ascending; left out: there are none.
   */
  readonly hidden?: readonly number[];
}

/** Everything that the result depends on, so that any node completes it with the same one. */
export interface IntentRequest {
  readonly id: IntentId;
  readonly wish: Wish;
  readonly message: string;
  readonly metadata: Metadata;
  readonly committer: string;
  /** Whole seconds count in a commit's id; the rest puts commits of one second in their order. */
  readonly dateMs: number;
  readonly ranges: {
    readonly rangeBytesMin: number;
    readonly rangeBytesMax: number;
    readonly raggednessEntries: number;
  };
  /** Names the hooks that it must pass, as they were when it was asked for; left out: none. */
  readonly hookSet?: string;
}

/** A branch is there, at a commit. */
export interface BranchCreated {
  readonly type: 'BranchCreated';
  readonly life: number;
  readonly head: BranchHead;
  readonly isHidden: boolean;
}

/** An intent is accepted; writes go to `opens` from here on. */
export interface IntentRequested {
  readonly type: 'IntentRequested';
  readonly intent: IntentRequest;
  /** The newest token at this moment, closed before this event: the last one that it takes. */
  readonly upto: number;
  /**
   * Undefined while writes are blocked. Of an undo, the ordinal between is that of the token that
   * it fills; what is asked for as a branch comes back opens none.
   */
  readonly opens: number | undefined;
}

/** A new token, without an intent: the branch's first, or after one that was closed for nothing. */
export interface TokenRotated {
  readonly type: 'TokenRotated';
  readonly opens: number;
}

/** The branch takes nothing more; what stands before this in its queue is done yet. */
export interface BranchDeletionRequested {
  readonly type: 'BranchDeletionRequested';
  readonly intentId: IntentId;
  /** As of an {@link IntentRequest}. */
  readonly hookSet?: string;
}

/** The hooks of the intent at the queue's head are run by a node, and by no other. */
export interface HookClaimed {
  readonly type: 'HookClaimed';
  readonly intentId: IntentId;
  /** A process, not a machine: come up again, it has another name. */
  readonly node: string;
  /** No answer by then is one. */
  readonly untilMs: number;
}

/** The hooks of an intent have run: it goes on, or comes to nothing. */
export interface HookVerdict {
  readonly type: 'HookVerdict';
  readonly intentId: IntentId;
  readonly hasPassed: boolean;
}

/** The head moved, and what was sealed is in it: no value changed. */
export interface Committed {
  readonly type: 'Committed';
  readonly intentId: IntentId;
  readonly from: CommitId;
  readonly commit: CommitRecord;
}

/**
 * The head moved and values with it: a merge, a revert, a cherry-pick, an import. Its sealed tokens
 * are consumed, effective or not.
 */
export interface Merged {
  readonly type: 'Merged';
  readonly intentId: IntentId;
  readonly from: CommitId;
  readonly commit: CommitRecord;
}

/** The head was put elsewhere, by a hard reset of a clean branch; sealed tokens are consumed. */
export interface HeadMoved {
  readonly type: 'HeadMoved';
  readonly intentId: IntentId;
  readonly from: CommitId;
  readonly to: BranchHead;
}

/**
 * What the head says of a path that was staged to no effect; null: the head has nothing there.
 * It stays staged, since it counts where the next commit's ranges are cut.
 * Source: docs/adr/0023-what-changed-nothing-stays-said.md.
 */
export interface Restatement {
  readonly path: ObjectPath;
  readonly entry: ObjectEntry | null;
}

/** Paths restated by one event, and what they may take as JSON; of more, none are. */
export const RESTATED_MAX = 1_000;
export const RESTATED_BYTES_MAX = 256 * 1024;

/**
 * What its sealed tokens held is gone; the head stands. With the scope `all` the tokens are
 * consumed; of another scope their rows in it go by this event, what is restated comes into the
 * newest of them, and the tokens stay.
 */
export interface StagingDiscarded {
  readonly type: 'StagingDiscarded';
  readonly intentId: IntentId;
  readonly scope: ResetScope;
  readonly tokens: TokenSpan;
  readonly restated: readonly Restatement[];
}

/**
 * An operation was taken back; or one that took it back was, and it stands again.
 *
 * The head is where it was before. What the operation took out of what is staged is in the token
 * that was filled, below whatever was staged since; from this event on it is read.
 * Source: docs/adr/0031-undo-fills-a-token-of-its-own.md.
 */
export interface Undone {
  readonly type: 'Undone';
  readonly intentId: IntentId;
  /** The revision of the event that is undone, in the branch's stream. */
  readonly of: number;
  /** What was asked for at first; an undo of an undo speaks of the same operation. */
  readonly operation: UndoneOperation;
  /** That operation stands again: this is the undo of its undo. */
  readonly isRedo: boolean;
  readonly from: CommitId;
  readonly to: BranchHead;
  /** The one that was filled: right above those that were sealed. */
  readonly token: number;
  /** Words in it. */
  readonly restoredCount: number;
  /** The oldest token that says something. */
  readonly lo: number;
}

export type UndoneOperation = Exclude<Wish['kind'], 'undo' | 'restore'> | 'delete';

export type IntentFailure =
  | 'no_changes'
  | 'dirty'
  | 'conflict'
  | 'no_merge_base'
  | 'tree_missing'
  /** A tree that it stands on is not there any more, or is none. */
  | 'tree_unreadable'
  | 'head_moved'
  | 'hook_refused'
  /** Who ran its hooks said nothing in time; perhaps it died. */
  | 'hook_interrupted';

/** Paths that a failed intent keeps of a conflict. */
export const CONFLICTS_RECORDED_MAX = 20;

/**
 * Nothing happened but that the queue moved on. Its tokens stay readable, unless the intent looked
 * through them and found no changes: then they say nothing that the head does not say, and are
 * consumed, but for the newest if something is restated there.
 */
export interface IntentFailed {
  readonly type: 'IntentFailed';
  readonly intentId: IntentId;
  readonly reason: IntentFailure;
  /** The first paths in conflict, at most {@link CONFLICTS_RECORDED_MAX}; else none. */
  readonly conflicts: readonly ObjectPath[];
  readonly restated: readonly Restatement[];
}

/** Every intent still in the queue is answered with "branch not found". */
export interface BranchDeleted {
  readonly type: 'BranchDeleted';
  readonly intentId: IntentId;
  /** Where it stood; left out by programs that did not say. */
  readonly head?: CommitId;
}

/**
 * A rule forbids writes; from here on nobody names a token. Said again by newer rules, so that who
 * acts on older ones loses the race.
 */
export interface WritesBlocked {
  readonly type: 'WritesBlocked';
  readonly ruleRevision: number;
}

/** No rule forbids writes any more; they go to the token that this names. */
export interface WritesAllowed {
  readonly type: 'WritesAllowed';
  readonly ruleRevision: number;
  readonly opens: number;
}

/** A rule forbids whatever moves the head but a merge. */
export interface CommitsBlocked {
  readonly type: 'CommitsBlocked';
  readonly ruleRevision: number;
}

/** No rule forbids commits any more. */
export interface CommitsAllowed {
  readonly type: 'CommitsAllowed';
  readonly ruleRevision: number;
}

/**
 * What sealed tokens say that no intent took stands in the newest of them, too: no value changed.
 * Said in several events, of which the last one leaves the older tokens out.
 */
export interface TokensFolded {
  readonly type: 'TokensFolded';
  readonly from: number;
  readonly into: number;
  /** Newest words of the older tokens that the newest one has none on; null: a tombstone. */
  readonly words: readonly Restatement[];
  /** Tombstones over nothing. */
  readonly idle: readonly ObjectPath[];
  /** What each token has deleted whole the newest one has now. */
  readonly runs: readonly PathRun[];
  readonly isLast: boolean;
}

export type BranchResult =
  Committed | Merged | HeadMoved | StagingDiscarded | Undone | IntentFailed;

export type BranchEvent =
  | BranchCreated
  | IntentRequested
  | TokenRotated
  | BranchDeletionRequested
  | HookClaimed
  | HookVerdict
  | TokensFolded
  | BranchResult
  | BranchDeleted
  | WritesBlocked
  | WritesAllowed
  | CommitsBlocked
  | CommitsAllowed;

/** As it stands in the log: with the branch as it is after it; null once it is deleted. */
export type StoredBranchEvent = BranchEvent & { readonly record: BranchRecord | null };
