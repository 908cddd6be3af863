import type { CommitId } from '../model.js';

export type TagCommand =
  | { readonly type: 'CreateTag'; readonly commitId: CommitId }
  | { readonly type: 'DeleteTag' }
  /** Undoes its deletion. */
  | { readonly type: 'RestoreTag' };
