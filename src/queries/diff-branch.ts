import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { DomainError } from '../domain/errors.js';
import type { RepositoryId } from '../domain/model.js';
import { CommittedStore } from '../ports/committed-store.js';
import type { KvSnapshot } from '../ports/kv-store.js';
import type { Page, PageRequest } from '../shared/page.js';
import { Changes, removedFrom } from './changes.js';
import {
  differenceOf,
  Differences,
  differencesPage,
  removed,
  type Difference,
  type ObjectDifference,
} from './differences.js';
import { spanOf, type ObjectsFilter } from './list-objects.js';
import { Overlay, pathOf } from './overlay.js';
import { ReadsAt, type ReadPoint } from './read-at.js';

/** What is on a branch and not committed, or was at a moment: `main@{…}`. */
export class DiffBranch extends Query<Page<Difference>> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: string,
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
      if (point.tokens.length === 0 && !(await this.reads.branchAt(repository, branch))) {
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
    const limits = { ...spanOf(page, filter), rowsPerRead: page.amount + 1 };
    const base = { committed: this.committed, namespace, metaRangeId: metaRangeId ?? NOTHING };
    const rows = new Changes(
      new Overlay<never>({ tokens, snapshot, tree: undefined }, limits),
      removedFrom(base, tokens, snapshot, limits),
    );
    return new Differences(
      rows,
      async (row): Promise<ObjectDifference | undefined> => {
        const path = pathOf(row);
        // Nothing is left of it, so nothing has a size.
        if ('was' in row) return { ...removed(path, row.was), sizeBytes: 0 };
        const was = await this.committed.get(namespace, base.metaRangeId, path);
        return differenceOf(path, was, row.entry);
      },
      limits.rowsPerRead,
    );
  }
}

const NOTHING = '' as NonNullable<ReadPoint['metaRangeId']>;
