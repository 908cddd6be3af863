import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { DomainError } from '../domain/errors.js';
import { LRUCache } from 'lru-cache';
import type {
  CommitId,
  CommitRecord,
  ObjectPath,
  RepositoryId,
  RepositoryUid,
} from '../domain/model.js';
import type { RepositoryRecord } from '../domain/repository/repository.events.js';
import { CommittedStore } from '../ports/committed-store.js';
import { KvStore } from '../ports/kv-store.js';
import { CommitsView } from '../projections/commits.view.js';
import { RepositoriesView } from '../projections/repositories.view.js';
import { afterPrefix, utf8 } from '../shared/bytes.js';
import type { Page, PageRequest } from '../shared/page.js';
import { NewestFirst } from './ancestors.js';
import { differenceOf } from './differences.js';
import { Refs } from './resolve-ref.js';

export interface LogFilter {
  readonly isFirstParentOnly: boolean;
  /** Commits before it are left out; undefined: none. */
  readonly sinceMs: number | undefined;
  /** A ref; the walk ends with its commit, which is still listed. */
  readonly stopAt: string | undefined;
  /** Any of these left the commit otherwise than its parent; both empty: every commit counts. */
  readonly objects: readonly ObjectPath[];
  readonly prefixes: readonly string[];
  /** A full page is all that is asked for: whether there is more is not looked for. */
  readonly endsWithPage: boolean;
}

/** Nothing is left out. */
export const WHOLE_LOG: LogFilter = {
  isFirstParentOnly: false,
  sinceMs: undefined,
  stopAt: undefined,
  objects: [],
  prefixes: [],
  endsWithPage: false,
};

/**
 * From a ref back to the root, newest first by date, then by id descending. With paths, only
 * commits of one parent are listed; of a merge its sides tell.
 *
 * @throws DomainError  log_ref_not_found: `ref`, `after` or `stopAt`; ref_invalid
 */
export class LogCommits extends Query<Page<CommitRecord>> {
  constructor(
    readonly repository: RepositoryId,
    readonly ref: string,
    /** `after` is a ref, as a rule a commit's id. */
    readonly page: PageRequest,
    readonly filter: LogFilter,
  ) {
    super();
  }
}

/** Commits that one page looks into for paths; one that finds fewer says where to go on. */
export const LOOKED_INTO_MAX = 50_000;
const AT_ONCE = 16;

interface Span {
  readonly uid: RepositoryUid;
  readonly head: CommitRecord;
  readonly after: CommitId | undefined;
  readonly stopAt: CommitId | undefined;
}

/** A walk, and the commit that it has taken and that nobody was told of. */
interface KeptWalk {
  readonly walk: NewestFirst;
  readonly next: CommitRecord;
}

/** Walks that are kept, and commits that all of them together remember to have met. */
const KEPT_WALKS_MAX = 64;
const KEPT_SEEN_MAX = 500_000;

@QueryHandler(LogCommits)
export class LogCommitsHandler implements IQueryHandler<LogCommits> {
  /** Where pages ended, so that the next one need not walk there again. */
  readonly #walks = new LRUCache<string, KeptWalk>({ maxSize: KEPT_SEEN_MAX, max: KEPT_WALKS_MAX });

  constructor(
    private readonly kv: KvStore,
    private readonly repositories: RepositoriesView,
    private readonly commits: CommitsView,
    private readonly refs: Refs,
    private readonly committed: CommittedStore,
  ) {}

  async execute({ repository, ref, page, filter }: LogCommits): Promise<Page<CommitRecord>> {
    const record = await this.repositories.get(repository);
    const [head, stop, after] = await Promise.all([
      this.#commit(record, ref, 'ref'),
      filter.stopAt === undefined ? undefined : this.#commit(record, filter.stopAt, 'stop_at'),
      page.after === '' ? undefined : this.#commit(record, page.after, 'from ref'),
    ]);
    const span = { uid: record.uid, head, after: after?.id, stopAt: stop?.id };
    const hasPaths = filter.objects.length + filter.prefixes.length > 0;
    if (!hasPaths) return this.#pageOf(span, page, filter);
    const walk = allOf(new LogWalk(this.#walkFrom(span, filter, page), span, filter));
    return this.#pageWithPaths(record, walk, page, filter);
  }

  async #pageOf(
    span: Span,
    { amount }: PageRequest,
    filter: LogFilter,
  ): Promise<Page<CommitRecord>> {
    const key = (at: CommitId | undefined) => walkKey(span, filter, at);
    const kept = span.after === undefined ? undefined : this.#walks.get(key(span.after));
    // Whoever goes on with a walk takes it along.
    if (kept) this.#walks.delete(key(span.after));
    const newest = kept?.walk ?? this.#walkFrom(span, filter, { amount });
    const walk = new LogWalk(newest, kept ? { ...span, after: undefined } : span, filter);
    const items: CommitRecord[] = [];
    let next = kept?.next;
    for (;;) {
      const commit = next ? walk.admitted(next) : walk.take();
      next = undefined;
      if (commit === 'read') await newest.read();
      else if (commit === undefined) return { items, hasMore: false, nextOffset: '' };
      else if (items.length < amount) {
        items.push(commit);
        if (filter.endsWithPage && items.length === amount) {
          return { items, hasMore: false, nextOffset: '' };
        }
      } else {
        const last = items.at(-1)?.id;
        this.#walks.set(key(last), { walk: newest, next: commit }, { size: newest.seenCount });
        return { items, hasMore: true, nextOffset: last ?? '' };
      }
    }
  }

  #walkFrom(
    { uid, head }: Span,
    { isFirstParentOnly }: LogFilter,
    { amount }: Pick<PageRequest, 'amount'>,
  ): NewestFirst {
    const options = { isFirstParentOnly, expectedCount: amount };
    return new NewestFirst(this.commits, uid, head, options);
  }

  async #pageWithPaths(
    record: RepositoryRecord,
    walk: AsyncIterable<CommitRecord>,
    { amount }: PageRequest,
    filter: LogFilter,
  ): Promise<Page<CommitRecord>> {
    const items: CommitRecord[] = [];
    let lookedInto = 0;
    for await (const group of groupsOf(walk, AT_ONCE)) {
      const hits = await Promise.all(group.map((commit) => this.#hasAny(record, commit, filter)));
      for (const [index, commit] of group.entries()) {
        if (hits[index] !== true) continue;
        if (items.length === amount) {
          return { items, hasMore: true, nextOffset: items.at(-1)?.id ?? '' };
        }
        items.push(commit);
        if (filter.endsWithPage && items.length === amount) {
          return { items, hasMore: false, nextOffset: '' };
        }
      }
      lookedInto += group.length;
      if (lookedInto >= LOOKED_INTO_MAX) {
        return { items, hasMore: true, nextOffset: group.at(-1)?.id ?? '' };
      }
    }
    return { items, hasMore: false, nextOffset: '' };
  }

  /** Returns whether a commit of one parent changed any of the paths. */
  async #hasAny(
    { uid, namespace }: RepositoryRecord,
    { parents, metaRangeId }: CommitRecord,
    { objects, prefixes }: LogFilter,
  ): Promise<boolean> {
    const [only, ...others] = parents;
    if (only === undefined || others.length > 0) return false;
    const parent = await this.commits.get(uid, only);
    if (!parent || parent.metaRangeId === metaRangeId) return false;
    for (const path of objects) {
      const [before, now] = await Promise.all(
        [parent.metaRangeId, metaRangeId].map((id) => this.committed.get(namespace, id, path)),
      );
      if (differenceOf(path, before, now)) return true;
    }
    for (const prefix of prefixes) {
      const from = utf8(prefix);
      const until = afterPrefix(from);
      const span = until ? { from, until, limit: 1 } : { from, limit: 1 };
      const found = await this.committed.diff(namespace, parent.metaRangeId, metaRangeId, span);
      if (found.length > 0) return true;
    }
    return false;
  }

  #commit(
    record: RepositoryRecord,
    ref: string,
    which: 'from ref' | 'ref' | 'stop_at',
  ): Promise<CommitRecord> {
    return this.refs.commit(this.kv, record, ref).catch((error: unknown): never => {
      const isUnknown = error instanceof DomainError && error.code === 'ref_not_found';
      throw isUnknown ? new DomainError('log_ref_not_found', { which }) : error;
    });
  }
}

/** What of a walk a log shows: behind `after`, or everything, until the commit to stop at. */
class LogWalk {
  #isPastAfter: boolean;
  #isOver = false;

  constructor(
    readonly newest: NewestFirst,
    private readonly span: Pick<Span, 'after' | 'stopAt'>,
    private readonly filter: Pick<LogFilter, 'sinceMs'>,
  ) {
    this.#isPastAfter = span.after === undefined;
  }

  /** Returns the next one; `read`: the walk must read first; undefined: that was all. */
  take(): CommitRecord | 'read' | undefined {
    while (!this.#isOver) {
      const commit = this.newest.take();
      if (commit === undefined) return this.newest.isAtEnd ? undefined : 'read';
      // What lies before the page is passed over without waiting for anybody.
      const isShown = this.#isPastAfter;
      const shown = this.admitted(commit);
      if (isShown && shown) return shown;
      this.#isPastAfter ||= commit.id === this.span.after;
    }
    return undefined;
  }

  /** Returns a commit, unless the log is over before it. */
  admitted(commit: CommitRecord): CommitRecord | undefined {
    const { sinceMs } = this.filter;
    // What is yet to come is older still.
    const isTooOld = sinceMs !== undefined && commit.createdAtMs < sinceMs;
    this.#isOver ||= isTooOld || commit.id === this.span.stopAt;
    return isTooOld ? undefined : commit;
  }
}

async function* allOf(walk: LogWalk): AsyncGenerator<CommitRecord> {
  for (;;) {
    const commit = walk.take();
    if (commit === 'read') await walk.newest.read();
    else if (commit === undefined) return;
    else yield commit;
  }
}

/** A walk that was left behind a page depends on nothing but this: commits never change. */
const walkKey = (
  { uid, head, stopAt }: Span,
  { isFirstParentOnly, sinceMs }: LogFilter,
  at: CommitId | undefined,
) => `${uid} ${head.id} ${isFirstParentOnly} ${stopAt} ${sinceMs} ${at}`;

async function* groupsOf<Item>(
  items: AsyncIterable<Item>,
  size: number,
): AsyncGenerator<readonly Item[]> {
  let group: Item[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
