import type { MergeStrategy } from '../branch/branch.wishes.js';
import type { CommitId, Metadata } from '../model.js';

/** Keys that a commit's own maker sets, over the user's: clients read them. */
const STRATEGY_KEY = '.lakefs.merge.strategy';
const ORIGIN_KEY = 'cherry-pick-origin';
const COMMITTER_KEY = 'cherry-pick-committer';

/** Returns metadata that says how a merge or an import treated conflicts. */
export const withStrategy = (metadata: Metadata, strategy: MergeStrategy): Metadata =>
  withKey(metadata, STRATEGY_KEY, strategy);

/** Returns metadata that says which commit was picked, and whose it was. */
export const withOrigin = (
  metadata: Metadata,
  origin: { readonly id: CommitId; readonly committer: string },
): Metadata => withKey(withKey(metadata, ORIGIN_KEY, origin.id), COMMITTER_KEY, origin.committer);

const withKey = (metadata: Metadata, key: string, value: string): Metadata => [
  ...metadata.filter(([known]) => known !== key),
  [key, value],
];
