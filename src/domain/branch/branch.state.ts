import type { IntentId } from '../model.js';
import type { BranchHead, BranchRecord, IntentRequest, TokenSpan } from './branch.events.js';

export type PendingIntent = {
  /** Who runs its hooks, and until when. */
  readonly claim: { readonly node: string; readonly untilMs: number } | undefined;
  /** Whether its hooks agree. */
  readonly verdict: boolean | undefined;
} & (
  | {
      readonly kind: 'request';
      readonly request: IntentRequest;
      /** The last token that it takes. */
      readonly upto: number;
    }
  | {
      readonly kind: 'delete';
      readonly intentId: IntentId;
      readonly hookSet: string | undefined;
    }
);

export type PendingRequest = Extract<PendingIntent, { kind: 'request' }>;

export interface LiveBranch {
  readonly status: 'live';
  readonly life: number;
  readonly head: BranchHead;
  readonly tokens: TokenSpan;
  readonly queue: readonly PendingIntent[];
  readonly areWritesBlocked: boolean;
  readonly areCommitsBlocked: boolean;
  /** The newest rules that it was brought in line with; 0: none ever were. */
  readonly ruleRevision: number;
  readonly isHidden: boolean;
}

export type BranchState = { readonly status: 'absent' } | LiveBranch;

export const intentIdOf = (pending: PendingIntent): IntentId =>
  pending.kind === 'delete' ? pending.intentId : pending.request.id;

/** Whether an intent has hooks that have not answered. */
export const mustAsk = (pending: PendingIntent): boolean =>
  hookSetOf(pending) !== undefined && pending.verdict === undefined;

/** Names the hooks that an intent must pass. */
export const hookSetOf = (pending: PendingIntent): string | undefined =>
  pending.kind === 'delete' ? pending.hookSet : pending.request.hookSet;

export const isDeleting = (branch: LiveBranch): boolean =>
  branch.queue.some((pending) => pending.kind === 'delete');

/** A commit changes no value; whatever else is queued may. */
export const changesValues = (pending: PendingIntent): boolean =>
  pending.kind === 'delete' || pending.request.wish.kind !== 'commit';

/** Returns what readers need of a branch, or null of one that is not there. */
export function recordOf(branch: BranchState): BranchRecord | null {
  if (branch.status === 'absent') return null;
  const { life, head, tokens, areWritesBlocked, isHidden, queue, ruleRevision } = branch;
  return {
    life,
    head,
    tokens,
    areWritesBlocked,
    isHidden,
    pendingCount: queue.length,
    ...(branch.areCommitsBlocked && { areCommitsBlocked: true }),
    ...(ruleRevision > 0 && { ruleRevision }),
  };
}

/** Returns the branch that a record of a quiet moment stands for. */
export function stateOfQuiet(record: BranchRecord | null): BranchState {
  if (record === null) return { status: 'absent' };
  const { life, head, tokens, areWritesBlocked, isHidden } = record;
  return {
    status: 'live',
    life,
    head,
    tokens,
    queue: [],
    areWritesBlocked,
    areCommitsBlocked: record.areCommitsBlocked === true,
    ruleRevision: record.ruleRevision ?? 0,
    isHidden,
  };
}
