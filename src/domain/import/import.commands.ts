import type { CommitRecord, MetaRangeId } from '../model.js';
import type { ImportCheckpoint, ImportRequested } from './import.events.js';

export type ImportCommand =
  | ({ readonly type: 'RequestImport' } & Omit<ImportRequested, 'type'>)
  | {
      readonly type: 'ResumeImport';
      readonly node: string;
      /** Who has said nothing for so long. */
      readonly from: string;
    }
  | {
      readonly type: 'ProgressImport';
      readonly node: string;
      readonly ingestedCount: number;
      readonly checkpoint: ImportCheckpoint | null;
    }
  | {
      readonly type: 'FinishIngestion';
      readonly node: string;
      readonly metaRangeId: MetaRangeId;
      readonly ingestedCount: number;
      readonly commitDateMs: number;
    }
  | { readonly type: 'CompleteImport'; readonly commit: CommitRecord }
  | { readonly type: 'FailImport'; readonly node: string; readonly reason: string }
  | { readonly type: 'CancelImport' }
  | { readonly type: 'ForgetImport' };
