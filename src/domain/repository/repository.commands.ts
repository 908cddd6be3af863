import type { CommitRecord, Metadata } from '../model.js';
import type { BranchRule } from './branch-rules.js';
import type { RepositoryRecord, RepositoryRows } from './repository.events.js';

export type RepositoryCommand =
  | {
      readonly type: 'CreateRepository';
      readonly repository: RepositoryRecord;
      readonly firstCommit: CommitRecord | null;
    }
  | { readonly type: 'SetMetadata'; readonly set: Metadata; readonly unset: readonly string[] }
  | {
      readonly type: 'SetBranchRules';
      readonly rules: readonly BranchRule[];
      /** Only over the rules of this checksum; undefined: over any. */
      readonly expected: string | undefined;
    }
  | { readonly type: 'AddBranchRule'; readonly rule: BranchRule }
  | { readonly type: 'RemoveBranchRule'; readonly pattern: string }
  /** Precondition: every branch is in line with the rules of this revision. */
  | { readonly type: 'MarkRulesApplied'; readonly revision: number }
  | { readonly type: 'RequestDeletion'; readonly isForced: boolean }
  | {
      readonly type: 'DropRows';
      readonly rows: RepositoryRows;
      readonly until: string | undefined;
    }
  /** Precondition: its branches are deleted and its rows dropped. */
  | { readonly type: 'Purge' };
