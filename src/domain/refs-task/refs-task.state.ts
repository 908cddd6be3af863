import type { RepositoryId } from '../model.js';
import type { RefsWork } from './refs-task.events.js';

export interface RunningRefsTask {
  readonly status: 'running';
  readonly repository: RepositoryId;
  readonly work: RefsWork;
  /** Who works on it. */
  readonly node: string;
  /** How often somebody took it over. */
  readonly resumedCount: number;
}

export type RefsTaskState =
  { readonly status: 'absent' | 'completed' | 'failed' | 'forgotten' } | RunningRefsTask;
