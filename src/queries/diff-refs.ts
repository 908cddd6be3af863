import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { DomainError } from '../domain/errors.js';
import type { CommitRecord, MetaRangeId, RepositoryId, StagingToken } from '../domain/model.js';
import { parseRef } from '../domain/ref/parse-ref.js';
import type { RepositoryRecord } from '../domain/repository/repository.events.js';
import { CommittedStore, type KeySpan, type TreeDifference } from '../ports/committed-store.js';
import { KvStore, type KvSnapshot } from '../ports/kv-store.js';
import { CommitsView } from '../projections/commits.view.js';
import { RepositoriesView } from '../projections/repositories.view.js';
import { utf8 } from '../shared/bytes.js';
import { Interleaved, type PagedCursor } from '../shared/interleaved.js';
import type { Page, PageRequest } from '../shared/page.js';
import { Changes, removedFrom } from './changes.js';
import {
  changeSince,
  differenceOf,
  Differences,
  differencesPage,
  removed,
  type Difference,
} from './differences.js';
import { spanOf, type ObjectsFilter } from './list-objects.js';
import { Overlay, pathOf } from './overlay.js';
import { mergeBase } from './merge-base.js';
import { ReadsAt } from './read-at.js';
import { namedRefusal, Refs } from './resolve-ref.js';

/**
 * What lies between two refs. `two-dot`: how the right one differs from the left. `three-dot`: what
 * merging the right into the left would change there, conflicts included.
 *
 * Of branches their heads count. Only `two-dot` takes `branch$` on its right side: the branch as it
 * shows itself, with what is staged.
 *
 * @throws DomainError  whatever a ref is not; ref_invalid: `$` elsewhere; no_merge_base
 */
export class DiffRefs extends Query<Page<Difference>> {
  constructor(
    readonly repository: RepositoryId,
    readonly between: {
      readonly left: string;
      readonly right: string;
      readonly kind: 'two-dot' | 'three-dot';
    },
    readonly page: PageRequest,
    readonly filter: ObjectsFilter,
  ) {
    super();
  }
}

interface TreeRow extends TreeDifference {
  readonly key: Uint8Array;
}
type TreeCursor = PagedCursor<TreeRow>;

interface Trees {
  readonly repository: RepositoryRecord;
  readonly left: MetaRangeId;
  readonly right: MetaRangeId;
}

/** Differences of one read, at most. */
const ROWS_PER_READ_MAX = 1000;

@QueryHandler(DiffRefs)
export class DiffRefsHandler implements IQueryHandler<DiffRefs> {
  constructor(
    private readonly kv: KvStore,
    private readonly repositories: RepositoriesView,
    private readonly refs: Refs,
    private readonly reads: ReadsAt,
    private readonly commits: CommitsView,
    private readonly committed: CommittedStore,
  ) {}

  async execute({ repository: name, between, page, filter }: DiffRefs): Promise<Page<Difference>> {
    const { left, right, kind } = between;
    const repository = await this.repositories.get(name);
    const [lefts, branch] = await Promise.all([
      this.#commit(repository, left, kind === 'three-dot' ? 'get commit by branch' : ''),
      kind === 'two-dot' ? this.#stagedBranch(repository, right) : undefined,
    ]);
    if (branch !== undefined) {
      return this.reads.within(name, branch, (snapshot, { tokens, metaRangeId, ...at }) => {
        const trees = { ...at, left: lefts.metaRangeId, right: metaRangeId ?? NOTHING };
        const rows = this.#stagedRows(snapshot, tokens, trees, firstRead(page, filter));
        return differencesPage(rows, page, filter);
      });
    }
    const step = kind === 'three-dot' ? 'get commit by ref' : '';
    const rights = await this.#commit(repository, right, step);
    const trees = { repository, left: lefts.metaRangeId, right: rights.metaRangeId };
    if (kind === 'two-dot') {
      return differencesPage(this.#twoDot(trees, firstRead(page, filter)), page, filter);
    }
    const base = await mergeBase(this.commits, repository.uid, [lefts.id, rights.id]);
    if (base === undefined) throw new DomainError('no_merge_base');
    const rows = this.#threeDot(base.metaRangeId, trees, firstRead(page, filter));
    return differencesPage(rows, page, filter);
  }

  /** @param step  what stands before the ref in a refusal; "" for nothing */
  async #commit(repository: RepositoryRecord, ref: string, step: string): Promise<CommitRecord> {
    try {
      return await this.refs.commit(this.kv, repository, ref);
    } catch (error) {
      throw step === '' ? error : namedRefusal(error, { ref, step });
    }
  }

  /** Returns what stands before the `$` of a ref `branch$`; undefined of any other. */
  async #stagedBranch(repository: RepositoryRecord, ref: string): Promise<string | undefined> {
    const parsed = parseRef(ref);
    if (parsed.modifiers[0]?.kind !== 'staged') return undefined;
    const found = await this.refs.base(this.kv, repository, { ref, parsed });
    if (found.kind === 'commit') throw new DomainError('ref_invalid', { ref });
    return ref.slice(0, -1);
  }

  #twoDot(trees: Trees, first: FirstRead) {
    const rows = this.#treeRows(trees, first);
    const judge = async ({ path, left, right }: TreeRow) => differenceOf(path, left, right);
    return new Differences(rows, judge, first.limit);
  }

  /** Walks what the right side changed since the base: what the left did meanwhile is not read. */
  #threeDot(base: MetaRangeId, { repository, left, right }: Trees, first: FirstRead) {
    const rows = this.#treeRows({ repository, left: base, right }, first);
    const judge = async ({ path, left: before, right: after }: TreeRow) => {
      const now = await this.committed.get(repository.namespace, left, path);
      return changeSince(path, before, { left: now, right: after });
    };
    return new Differences(rows, judge, first.limit);
  }

  #treeRows(trees: Trees, { span, limit }: FirstRead): Interleaved<TreeRow, TreeCursor> {
    const cursor = Interleaved.unread<TreeRow>(span.from, limit);
    const read = async ([only]: readonly TreeCursor[]) => [await this.#diff(trees, span, only)];
    return new Interleaved<TreeRow, TreeCursor>([cursor], read, ROWS_PER_READ_MAX);
  }

  /** What is staged on the right goes before what its head says. */
  #stagedRows(
    snapshot: KvSnapshot,
    tokens: readonly StagingToken[],
    trees: Trees,
    { span, limit }: FirstRead,
  ) {
    const limits = { from: span.from, until: span.until, rowsPerRead: limit };
    const { namespace } = trees.repository;
    const base = { committed: this.committed, namespace, metaRangeId: trees.left };
    const tree = (from: Uint8Array, most: number) =>
      this.#diff(trees, span, { next: from, limit: most });
    const rows = new Changes(
      new Overlay<TreeRow>({ tokens, snapshot, tree }, limits),
      removedFrom(base, tokens, snapshot, limits),
    );
    return new Differences(
      rows,
      async (row) => {
        if ('path' in row) return differenceOf(row.path, row.left, row.right);
        const path = pathOf(row);
        if ('was' in row) return removed(path, row.was);
        return differenceOf(path, await this.committed.get(namespace, trees.left, path), row.entry);
      },
      limit,
    );
  }

  async #diff(
    { repository, left, right }: Trees,
    { until }: KeySpan,
    cursor: Pick<TreeCursor, 'next' | 'limit'> | undefined,
  ): Promise<TreeRow[]> {
    const { next: from, limit } = cursor ?? {};
    if (from === undefined || limit === undefined) return [];
    const options = until ? { from, until, limit } : { from, limit };
    const found = await this.committed.diff(repository.namespace, left, right, options);
    return found.map((difference) => ({ ...difference, key: utf8(difference.path) }));
  }
}

interface FirstRead {
  readonly span: KeySpan;
  readonly limit: number;
}

function firstRead(page: PageRequest, filter: ObjectsFilter): FirstRead {
  const { from, until } = spanOf(page, filter);
  return { span: until ? { from, until } : { from }, limit: page.amount + 1 };
}

const NOTHING = '' as MetaRangeId;
