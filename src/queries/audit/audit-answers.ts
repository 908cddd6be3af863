import type { RepositoryId, RepositoryUid } from '../../domain/model.js';
import type { AuditIndex, AuditSight } from '../../projections/audit/audit-index.js';
import { namedBy, type AuditRecord } from '../../projections/audit/audit-record.js';
import type { Page } from '../../shared/page.js';
import { AuditPlan, type AuditFilter } from './audit-plan.js';
import { AuditSearch, type AuditOrder, type AuditSources } from './audit-search.js';

export interface AuditQuestion {
  readonly filter: AuditFilter;
  /** Every repository that ever had this name; left out: any. */
  readonly repository?: RepositoryId | undefined;
  /** One of them. */
  readonly repositoryUid?: RepositoryUid | undefined;
  readonly order: AuditOrder;
}

/** A record with the name of its repository, of one that is long gone too. */
export interface NamedAuditRecord extends AuditRecord {
  readonly repositoryName: RepositoryId | undefined;
}

/** Behind `after`, in the order asked for; undefined: from where that begins. */
export interface AuditPageRequest {
  readonly after: number | undefined;
  readonly amount: number;
}

/** Returns a page; it may hold fewer than asked for, or none, and still say where to go on. */
export async function auditPage(
  sources: AuditSources,
  question: AuditQuestion,
  { after, amount }: AuditPageRequest,
): Promise<Page<NamedAuditRecord>> {
  const search = await searchFor(sources, question);
  if (search === undefined) return { items: [], hasMore: false, nextOffset: '' };
  const { records, next } = await search.search.page(after, amount);
  const items = await search.names.of(records);
  return { items, hasMore: next !== undefined, nextOffset: next === undefined ? '' : `${next}` };
}

/** Returns all of it, as the log is now, a page at a time and no sooner than it is asked for. */
export async function auditPages(
  sources: AuditSources,
  question: AuditQuestion,
  after: number | undefined,
): Promise<AsyncIterable<readonly NamedAuditRecord[]>> {
  const search = await searchFor(sources, question);
  return search === undefined ? none() : allOf(search, after);
}

interface Search {
  readonly search: AuditSearch;
  readonly names: RepositoryNames;
}

async function* none(): AsyncGenerator<readonly NamedAuditRecord[]> {}

async function* allOf(
  { search, names }: Search,
  after: number | undefined,
): AsyncGenerator<readonly NamedAuditRecord[]> {
  for (let at = after; ;) {
    const { records, next } = await search.page(at, RECORDS_PER_READ);
    yield await names.of(records);
    if (next === undefined) return;
    at = next;
  }
}

/** @returns undefined when no repository was ever called so */
async function searchFor(
  sources: AuditSources,
  { filter, repository, repositoryUid, order }: AuditQuestion,
): Promise<Search | undefined> {
  const { index } = sources;
  const sight = await index.sight();
  const names = new RepositoryNames(index, sight);
  const lives = repository === undefined ? undefined : await names.livesOf(repository);
  const uids =
    repositoryUid === undefined ? lives : [repositoryUid].filter((uid) => lives?.has(uid) ?? true);
  const meant = uids && new Set(uids);
  if (meant?.size === 0) return undefined;
  return { search: new AuditSearch(sources, sight, new AuditPlan(filter, meant), order), names };
}

/** Names of repositories, as the log had given them at one moment. */
class RepositoryNames {
  readonly #known = new Map<RepositoryUid, RepositoryId>();

  constructor(
    private readonly index: AuditIndex,
    sight: AuditSight,
  ) {
    for (const record of sight.tail) {
      const named = namedBy(record);
      if (named) this.#known.set(named.uid, named.name);
    }
  }

  async livesOf(name: RepositoryId): Promise<ReadonlySet<RepositoryUid>> {
    const lately = [...this.#known].filter(([, each]) => each === name).map(([uid]) => uid);
    return new Set([...(await this.index.rows.livesOf(name)), ...lately]);
  }

  async of(records: readonly AuditRecord[]): Promise<NamedAuditRecord[]> {
    const uids = new Set(records.flatMap(({ repository }) => repository?.uid ?? []));
    const unknown = [...uids].filter((uid) => !this.#known.has(uid));
    for (const [uid, name] of await this.index.rows.namesOf(unknown)) this.#known.set(uid, name);
    return records.map((record) => {
      const { repository } = record;
      const name = repository && (repository.name ?? this.#known.get(repository.uid));
      return { ...record, repositoryName: name };
    });
  }
}

/** Held in memory at once of all that is streamed. */
const RECORDS_PER_READ = 500;
