import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { CommitId, CommitRecord, RepositoryId, RepositoryUid } from '../domain/model.js';
import { KvStore } from '../ports/kv-store.js';
import { CommitsView } from '../projections/commits.view.js';
import { RepositoriesView } from '../projections/repositories.view.js';
import { assert } from '../shared/assert.js';
import { Heap } from '../shared/heap.js';
import type { Page, PageRequest } from '../shared/page.js';
import { Refs } from './resolve-ref.js';

export interface LogFilter {
  readonly isFirstParentOnly: boolean;
  /** Commits before it are left out; undefined: none. */
  readonly sinceMs: number | undefined;
  /** A ref; the walk ends with its commit, which is still listed. */
  readonly stopAt: string | undefined;
}

/**
 * From a ref back to the root, newest first by date, then by id descending.
 *
 * @throws DomainError  whatever the ref is not
 */
export class LogCommits extends Query<Page<CommitRecord>> {
  constructor(
    readonly repository: RepositoryId,
    readonly ref: string,
    /** `after` is a commit id. */
    readonly page: PageRequest,
    readonly filter: LogFilter,
  ) {
    super();
  }
}

@QueryHandler(LogCommits)
export class LogCommitsHandler implements IQueryHandler<LogCommits> {
  constructor(
    private readonly kv: KvStore,
    private readonly repositories: RepositoriesView,
    private readonly commits: CommitsView,
    private readonly refs: Refs,
  ) {}

  async execute({ repository, ref, page, filter }: LogCommits): Promise<Page<CommitRecord>> {
    const record = await this.repositories.get(repository);
    const head = await this.refs.commit(this.kv, record, ref);
    const stop = filter.stopAt && (await this.refs.commit(this.kv, record, filter.stopAt));
    const stopAt = stop ? stop.id : undefined;
    const items: CommitRecord[] = [];
    let isPastAfter = page.after === '';
    for await (const commit of this.#walk(record.uid, head, { ...filter, stopAt })) {
      if (!isPastAfter) {
        isPastAfter = commit.id === page.after;
        continue;
      }
      if (items.length === page.amount) {
        return { items, hasMore: true, nextOffset: items.at(-1)?.id ?? '' };
      }
      items.push(commit);
    }
    return { items, hasMore: false, nextOffset: '' };
  }

  async *#walk(
    uid: RepositoryUid,
    head: CommitRecord,
    { isFirstParentOnly, sinceMs, stopAt }: LogFilter,
  ): AsyncGenerator<CommitRecord> {
    const waiting = new Heap<CommitRecord>(newestFirst);
    const seen = new Set<CommitId>([head.id]);
    waiting.push(head);
    for (let commit = waiting.pop(); commit; commit = waiting.pop()) {
      if (sinceMs !== undefined && commit.createdAtMs < sinceMs) continue;
      yield commit;
      if (commit.id === stopAt) return;
      const parents = isFirstParentOnly ? commit.parents.slice(0, 1) : commit.parents;
      const next = parents.filter((parent) => !seen.has(parent));
      for (const parent of await this.commits.getAll(uid, next)) {
        assert(parent, 'a commit’s parents are there as long as it is');
        seen.add(parent.id);
        waiting.push(parent);
      }
    }
  }
}

const newestFirst = (left: CommitRecord, right: CommitRecord): number =>
  right.createdAtMs - left.createdAtMs || (left.id < right.id ? 1 : -1);
