import type { IntentId } from '../model.js';
import type { BranchHead, BranchResult, IntentRequest } from './branch.events.js';

export interface CreateBranchAt {
  readonly type: 'CreateBranch';
  /** The revision that this event will have: a life is named by it. */
  readonly life: number;
  readonly head: BranchHead;
  readonly isHidden: boolean;
  /** Brings back what a former life had staged; in the queue as this life begins. */
  readonly restoring?: IntentRequest;
}

/** Precondition, that the newest token is closed: by this command's group, or before it. */
export interface RequestIntent {
  readonly type: 'RequestIntent';
  readonly intent: IntentRequest;
}

/** Precondition: the newest token was closed for no intent, or there is none yet. */
export interface RotateToken {
  readonly type: 'RotateToken';
}

export interface RequestDeletion {
  readonly type: 'RequestDeletion';
  readonly intentId: IntentId;
  readonly hookSet?: string | undefined;
}

export interface ClaimHook {
  readonly type: 'ClaimHook';
  readonly intentId: IntentId;
  readonly node: string;
  readonly nowMs: number;
  readonly untilMs: number;
}

export interface GiveVerdict {
  readonly type: 'GiveVerdict';
  readonly intentId: IntentId;
  readonly hasPassed: boolean;
}

/** What was built for the head of the queue, on the head of the branch. */
export interface CompleteIntent {
  readonly type: 'CompleteIntent';
  readonly result: BranchResult;
}

/** Precondition: the newest token is closed, unless its hooks refused it. */
export interface CompleteDeletion {
  readonly type: 'CompleteDeletion';
  readonly intentId: IntentId;
}

/**
 * Brings the branch in line with the rules of its repository, as they were at a revision of theirs.
 *
 * Precondition where writes come to be allowed: the newest token is closed, by this command's group
 * or before it; who blocked writes may have died before that.
 */
export interface ApplyRules {
  readonly type: 'ApplyRules';
  readonly ruleRevision: number;
  readonly blocksWrites: boolean;
  readonly blocksCommits: boolean;
}

export type BranchCommand =
  | CreateBranchAt
  | RequestIntent
  | RotateToken
  | RequestDeletion
  | ClaimHook
  | GiveVerdict
  | CompleteIntent
  | CompleteDeletion
  | ApplyRules;
