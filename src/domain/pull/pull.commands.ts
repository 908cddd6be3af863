import type { CommandId, CommitId } from '../model.js';
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
  /** Of a pull request that is open; the first command that asks is the one that merges. */
  | { readonly type: 'AskMerge'; readonly by: CommandId }
  /** Precondition: the merge of this command is recorded as failed, or was never asked for. */
  | { readonly type: 'RefuseMerge'; readonly by: CommandId }
  /** Precondition: the merge is recorded. */
  | { readonly type: 'RecordMerge'; readonly commitId: CommitId; readonly nowMs: number };
