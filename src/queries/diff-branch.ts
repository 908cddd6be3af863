import { Query } from '@nestjs/cqrs';
import type { BranchId, RepositoryId } from '../domain/model.js';
import type { Page, PageRequest } from '../shared/page.js';

export interface Difference {
  /** `prefix_changed` only with a delimiter, for a common prefix with more than one kind of change. */
  readonly type: 'added' | 'removed' | 'changed' | 'prefix_changed';
  readonly path: string;
  readonly pathType: 'object' | 'common_prefix';
  /** Of the newer side; 0 when removed. */
  readonly sizeBytes: number;
}

/** What is on a branch and not committed. */
export class DiffBranch extends Query<Page<Difference>> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly page: PageRequest,
    readonly filter: { readonly prefix: string; readonly delimiter: string },
  ) {
    super();
  }
}
