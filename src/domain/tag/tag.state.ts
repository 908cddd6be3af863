import type { CommitId } from '../model.js';

export type TagState =
  { readonly status: 'absent' } | { readonly status: 'there'; readonly commitId: CommitId };
