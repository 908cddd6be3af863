import { Query } from '@nestjs/cqrs';
import type { CommitRecord, RepositoryId } from '../domain/model.js';
import type { Page, PageRequest } from '../shared/page.js';

/** From a ref back to the root, newest first by date, then by id descending. */
export class LogCommits extends Query<Page<CommitRecord>> {
  constructor(
    readonly repository: RepositoryId,
    readonly ref: string,
    /** `after` is a commit id. */
    readonly page: PageRequest,
    readonly filter: {
      readonly isFirstParentOnly: boolean;
      /** Commits before it are left out; undefined: none. */
      readonly sinceMs: number | undefined;
      /** A ref; the walk ends with its commit, which is still listed. */
      readonly stopAt: string | undefined;
    },
  ) {
    super();
  }
}
