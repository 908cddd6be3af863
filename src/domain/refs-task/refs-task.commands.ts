import type { RepositoryId } from '../model.js';
import type { RefsDump, RefsWork } from './refs-task.events.js';

export type RefsTaskCommand =
  | {
      readonly type: 'RequestTask';
      readonly repository: RepositoryId;
      readonly work: RefsWork;
      readonly node: string;
    }
  | {
      readonly type: 'ResumeTask';
      readonly node: string;
      /** Who has said nothing for so long. */
      readonly from: string;
    }
  | { readonly type: 'ProgressTask'; readonly node: string; readonly recordCount: number }
  | { readonly type: 'CompleteTask'; readonly node: string; readonly refs: RefsDump }
  | { readonly type: 'FailTask'; readonly node: string; readonly reason: string }
  | { readonly type: 'ForgetTask' };
