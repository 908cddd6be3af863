import type { EventSchemas } from '../upcast.js';
import type {
  IntentFailed,
  StagingDiscarded,
  StoredBranchEvent,
  WritesAllowed,
} from './branch.events.js';

type Stored<Event> = Extract<StoredBranchEvent, Event>;

/** Named no path of a conflict; nothing could end in one. Restated nothing. */
type IntentFailedV1 = Omit<Stored<IntentFailed>, 'type' | 'conflicts' | 'restated'>;

/** Knew one scope, and not which tokens it emptied. */
type StagingDiscardedV1 = Omit<Stored<StagingDiscarded>, 'type' | 'scope' | 'tokens' | 'restated'>;

/** Did not say which rules allow them. */
type WritesAllowedV1 = Omit<Stored<WritesAllowed>, 'type' | 'ruleRevision'>;

export const branchSchemas: EventSchemas<StoredBranchEvent> = {
  BranchCreated: { version: 1 },
  IntentRequested: { version: 1 },
  TokenRotated: { version: 1 },
  BranchDeletionRequested: { version: 1 },
  HookClaimed: { version: 1 },
  HookVerdict: { version: 1 },
  Committed: { version: 1 },
  Merged: { version: 1 },
  HeadMoved: { version: 1 },
  StagingDiscarded: {
    version: 2,
    steps: {
      1: (older) => {
        const { intentId, record } = older as StagingDiscardedV1;
        const hi = (record?.tokens.lo ?? 0) - 1;
        return { intentId, scope: { kind: 'all' }, tokens: { lo: 0, hi }, restated: [], record };
      },
    },
  },
  IntentFailed: {
    version: 2,
    steps: {
      1: (older) => {
        const { intentId, reason, record } = older as IntentFailedV1;
        return { intentId, reason, conflicts: [], restated: [], record };
      },
    },
  },
  TokensFolded: { version: 1 },
  Undone: { version: 1 },
  BranchDeleted: { version: 1 },
  WritesBlocked: {
    version: 2,
    // Its record does not say so, nor does any behind it.
    steps: { 1: (older) => ({ ...older, ruleRevision: 0 }) },
  },
  WritesAllowed: {
    version: 2,
    steps: { 1: (older) => ({ ruleRevision: 0, ...(older as WritesAllowedV1) }) },
  },
  CommitsBlocked: { version: 1 },
  CommitsAllowed: { version: 1 },
};
