import type { MetaRangeId } from '../model.js';
import type { ImportCheckpoint, ImportRequested } from './import.events.js';

export interface RunningImport {
  readonly status: 'running';
  readonly wish: Omit<ImportRequested, 'type' | 'node'>;
  /** Who works on it. */
  readonly node: string;
  readonly ingestedCount: number;
  /** How often somebody took it over since it last came on. */
  readonly resumedCount: number;
  readonly checkpoint: ImportCheckpoint | null;
  /** Present once the whole tree is stored. */
  readonly tree: { readonly metaRangeId: MetaRangeId; readonly commitDateMs: number } | null;
}

export type ImportState =
  | { readonly status: 'absent' | 'completed' | 'failed' | 'cancelled' | 'forgotten' }
  | RunningImport;
