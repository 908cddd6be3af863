import type { Metadata } from '../model.js';
import type { BranchRules } from './branch-rules.js';
import type { RepositoryRecord } from './repository.events.js';

export type RepositoryState =
  | { readonly status: 'absent' }
  | {
      readonly status: 'live' | 'deleting';
      readonly repository: RepositoryRecord;
      readonly metadata: Metadata;
      readonly branchRules: BranchRules;
      /** The newest revision of the rules that every branch is in line with. */
      readonly rulesApplied: number;
    };
