import type { CommitId } from '../model.js';

export type TagState =
  /** With where it stood until it was deleted; undefined: it never was there. */
  | { readonly status: 'absent'; readonly stoodAt?: CommitId }
  | { readonly status: 'there'; readonly commitId: CommitId };
