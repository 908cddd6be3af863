import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { DomainError } from '../domain/errors.js';
import type { BranchId, RepositoryId } from '../domain/model.js';
import { CommittedStore } from '../ports/committed-store.js';
import type { KvRow, KvSnapshot } from '../ports/kv-store.js';
import { changeOf, stagedRows } from '../projections/staging.view.js';
import type { Page, PageRequest } from '../shared/page.js';
import {
  differenceOf,
  Differences,
  differencesPage,
  type Difference,
  type ObjectDifference,
} from './differences.js';
import { spanOf, type ObjectsFilter } from './list-objects.js';
import { ReadsAt, type ReadPoint } from './read-at.js';

/** What is on a branch and not committed. */
export class DiffBranch extends Query<Page<Difference>> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly page: PageRequest,
    readonly filter: ObjectsFilter,
  ) {
    super();
  }
}

@QueryHandler(DiffBranch)
export class DiffBranchHandler implements IQueryHandler<DiffBranch> {
  constructor(
    private readonly reads: ReadsAt,
    private readonly committed: CommittedStore,
  ) {}

  execute({ repository, branch, page, filter }: DiffBranch): Promise<Page<Difference>> {
    const atBranch = this.reads.within(repository, branch, async (snapshot, point) => {
      // Tags and commits have nothing staged, and neither has a branch that was never written to.
      if (point.tokens.length === 0 && !(await this.reads.branch(repository, branch))) {
        throw new DomainError('branch_not_found');
      }
      return differencesPage(this.#differences(snapshot, point, page, filter), page, filter);
    });
    return atBranch.catch((error: unknown): never => {
      const isUnknown = error instanceof DomainError && error.code === 'ref_not_found';
      throw isUnknown ? new DomainError('branch_not_found') : error;
    });
  }

  #differences(
    snapshot: KvSnapshot,
    { tokens, metaRangeId, repository: { namespace } }: ReadPoint,
    page: PageRequest,
    filter: ObjectsFilter,
  ) {
    const { from, until } = spanOf(page, filter);
    const rowsPerRead = page.amount + 1;
    const rows = stagedRows(snapshot, tokens, until ? { from, until } : { from }, rowsPerRead);
    return new Differences(rows, async (row: KvRow): Promise<ObjectDifference | undefined> => {
      const { path, entry } = changeOf(row);
      const base = await this.committed.get(namespace, metaRangeId ?? NOTHING, path);
      const difference = differenceOf(path, base, entry);
      // Nothing is left of it, so nothing has a size.
      return difference?.type === 'removed' ? { ...difference, sizeBytes: 0 } : difference;
    });
  }
}

const NOTHING = '' as NonNullable<ReadPoint['metaRangeId']>;
