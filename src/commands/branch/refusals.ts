import type { IntentFailed } from '../../domain/branch/branch.events.js';
import { DomainError } from '../../domain/errors.js';

/**
 * Returns what a caller is told of an intent that failed.
 *
 * @param step  what the caller asked for, as it stands before a reason: `commit`
 */
export function refusalOf(
  { reason, conflicts }: IntentFailed,
  step: string,
  conflict: 'merge_conflict' | 'change_conflict' = 'change_conflict',
): DomainError {
  switch (reason) {
    case 'no_changes':
      return new DomainError('no_changes', { step });
    case 'dirty':
      return new DomainError('dirty_branch');
    case 'conflict':
      return new DomainError(conflict, { step, paths: conflicts });
    case 'no_merge_base':
      return new DomainError('no_merge_base');
    case 'tree_missing':
    case 'tree_unreadable':
      return new DomainError('object_data_missing');
    case 'head_moved':
      return new DomainError('branch_busy', { waitingCount: 1 });
    case 'hook_refused':
    case 'hook_interrupted':
      return new DomainError('precondition_failed');
  }
}
