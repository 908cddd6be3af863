import type { EventSchemas } from '../upcast.js';
import type { StoredBranchEvent } from './branch.events.js';

export const branchSchemas: EventSchemas<StoredBranchEvent> = {
  BranchCreated: { version: 1 },
  IntentRequested: { version: 1 },
  TokenRotated: { version: 1 },
  BranchDeletionRequested: { version: 1 },
  HookClaimed: { version: 1 },
  HookVerdict: { version: 1 },
  Committed: { version: 1 },
  Merged: { version: 1 },
  StagingDiscarded: { version: 1 },
  IntentFailed: { version: 1 },
  BranchDeleted: { version: 1 },
  WritesBlocked: { version: 1 },
  WritesAllowed: { version: 1 },
};
