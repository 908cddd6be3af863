import type { CommitId } from '../model.js';
import type { PullRecord, PullStatus } from './pull.events.js';

export type PullCommand =
  | { readonly type: 'OpenPull'; readonly pull: PullRecord }
  | {
      readonly type: 'ChangePull';
      /** Undefined, each of them: as it was. */
      readonly title: string | undefined;
      readonly description: string | undefined;
      readonly status: PullStatus | undefined;
      readonly nowMs: number;
    }
  /** Precondition: the merge is recorded. */
  | { readonly type: 'RecordMerge'; readonly commitId: CommitId; readonly nowMs: number };
