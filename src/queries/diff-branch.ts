import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { DomainError } from '../domain/errors.js';
import { isSameObject } from '../domain/entry-identity.js';
import type { BranchId, ObjectPath, RepositoryId } from '../domain/model.js';
import { CommittedStore, type StagedChange } from '../ports/committed-store.js';
import { stagedChanges } from '../projections/staging.view.js';
import type { Page, PageRequest } from '../shared/page.js';
import { spanOf, type ObjectsFilter } from './list-objects.js';
import { ReadsAt, type ReadPoint } from './read-at.js';

export interface Difference {
  /** `prefix_changed`: a common prefix with something changed under it. */
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
    const { from, until } = spanOf(page, filter);
    const atBranch = this.reads.within(repository, branch, async (snapshot, point) => {
      // Tags and commits have nothing staged, and neither has a branch that was never written to.
      if (point.tokens.length === 0 && !(await this.reads.branch(repository, branch))) {
        throw new DomainError('branch_not_found');
      }
      const items: Difference[] = [];
      const nextOffset = () => items.at(-1)?.path ?? '';
      for await (const batch of stagedChanges(snapshot, point.tokens, {
        from,
        ...(until ? { until } : {}),
      })) {
        for (const change of batch) {
          const difference = await this.#difference(point, change);
          if (!difference) continue;
          const item = grouped(difference, filter);
          if (item.pathType === 'common_prefix' && item.path === nextOffset()) continue;
          if (items.length === page.amount) {
            return { items, hasMore: true, nextOffset: nextOffset() };
          }
          items.push(item);
        }
      }
      return { items, hasMore: false, nextOffset: '' };
    });
    return atBranch.catch((error: unknown): never => {
      const isUnknown = error instanceof DomainError && error.code === 'ref_not_found';
      throw isUnknown ? new DomainError('branch_not_found') : error;
    });
  }

  /** Returns how a staged change differs from the head, or undefined when it does not. */
  async #difference(
    { repository, metaRangeId }: ReadPoint,
    { path, entry }: StagedChange,
  ): Promise<Difference | undefined> {
    if (metaRangeId === undefined) throw new DomainError('branch_not_found');
    const base =
      metaRangeId === ''
        ? undefined
        : await this.committed.get(repository.namespace, metaRangeId, path as ObjectPath);
    const pathType = 'object';
    if (!entry) return base && { type: 'removed', path, pathType, sizeBytes: 0 };
    const { sizeBytes } = entry;
    if (!base) return { type: 'added', path, pathType, sizeBytes };
    return isSameObject(base, entry) ? undefined : { type: 'changed', path, pathType, sizeBytes };
  }
}

function grouped(difference: Difference, { prefix, delimiter }: ObjectsFilter): Difference {
  const cut = delimiter === '' ? -1 : difference.path.indexOf(delimiter, prefix.length);
  if (cut < 0) return difference;
  const path = difference.path.slice(0, cut + delimiter.length);
  return { type: 'prefix_changed', path, pathType: 'common_prefix', sizeBytes: 0 };
}
