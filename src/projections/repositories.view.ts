import { DomainError } from '../domain/errors.js';
import type { Metadata, RepositoryId, RepositoryUid } from '../domain/model.js';
import { NO_RULES, type BranchRules } from '../domain/repository/branch-rules.js';
import type { RepositoryRecord } from '../domain/repository/repository.events.js';
import type { KvRead, KvRow, KvSnapshot } from '../ports/kv-store.js';
import { utf8 } from '../shared/bytes.js';
import type { Page, PageRequest } from '../shared/page.js';
import { decodeValue } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import { scanPage } from './scan-page.js';
import { scanRows } from './scan-rows.js';

/** Repositories that can be found. */
export class RepositoriesView {
  constructor(private readonly kv: KvSnapshot) {}

  /** Returns the read of a repository's row, for a snapshot of more than that. */
  static read(name: RepositoryId): KvRead {
    return { kind: 'get', partition: partitions.repositories, key: utf8(name) };
  }

  /** @throws DomainError repository_not_found */
  async get(name: RepositoryId): Promise<RepositoryRecord> {
    const [rows] = await this.kv.read([RepositoriesView.read(name)]);
    return found(rows);
  }

  /** Returns all of them by their uids. */
  async byUid(): Promise<ReadonlyMap<RepositoryUid, RepositoryRecord>> {
    const all = new Map<RepositoryUid, RepositoryRecord>();
    for await (const row of scanRows(this.kv, partitions.repositories)) {
      const repository = decodeValue<RepositoryRecord>(row);
      all.set(repository.uid, repository);
    }
    return all;
  }

  /** @throws DomainError repository_not_found  this very one is gone, whoever has its name now */
  async assertLive({ name, uid }: RepositoryRecord): Promise<void> {
    if ((await this.get(name)).uid !== uid) throw new DomainError('repository_not_found');
  }

  list(
    page: PageRequest,
    { prefix, search }: { prefix: string; search: string },
  ): Promise<Page<RepositoryRecord>> {
    return scanPage(this.kv, page, {
      partition: partitions.repositories,
      prefix,
      isFiltered: search !== '',
      item: (row) => {
        const record = decodeValue<RepositoryRecord>(row);
        return record.name.includes(search) ? record : undefined;
      },
    });
  }

  /** Returns repositories whose deletion has begun and is not through, by uid. */
  async deleting(after: string, limit: number): Promise<readonly RepositoryRecord[]> {
    const { items } = await scanPage(
      this.kv,
      { after, amount: limit },
      {
        partition: partitions.repositoriesDeleting,
        prefix: '',
        isFiltered: false,
        item: (row) => decodeValue<RepositoryRecord>(row),
      },
    );
    return items;
  }

  /** Returns the rules on branches; those of nobody yet are revision 0. */
  async branchRules(uid: RepositoryUid): Promise<BranchRules> {
    const [rows] = await this.kv.read([rulesRead(uid)]);
    return rows?.[0] ? decodeValue<BranchRules>(rows[0]) : NO_RULES;
  }

  /**
   * Returns the rules on branches, and that the repository stands, of one state.
   *
   * @throws DomainError repository_not_found  this very one is gone, whoever has its name now
   */
  async liveRules({ name, uid }: RepositoryRecord): Promise<BranchRules> {
    const [rows, rules] = await this.kv.read([RepositoriesView.read(name), rulesRead(uid)]);
    if (found(rows).uid !== uid) throw new DomainError('repository_not_found');
    return rules?.[0] ? decodeValue<BranchRules>(rules[0]) : NO_RULES;
  }

  /** Returns repositories of which some branch may not be in line with the newest rules. */
  async withPendingRules(limit: number): Promise<readonly RepositoryRecord[]> {
    const [rows = []] = await this.kv.read([
      { kind: 'scan', partition: partitions.rulesPending, limit },
    ]);
    return rows.map((row) => decodeValue<RepositoryRecord>(row));
  }

  async metadata(uid: RepositoryUid): Promise<Metadata> {
    const [rows] = await this.kv.read([
      { kind: 'get', partition: partitions.repositoryMetadata, key: keys.uid(uid) },
    ]);
    return rows?.[0] ? decodeValue<Metadata>(rows[0]) : [];
  }
}

const rulesRead = (uid: RepositoryUid): KvRead => ({
  kind: 'get',
  partition: partitions.branchRules,
  key: keys.uid(uid),
});

/** @throws DomainError repository_not_found */
export function found(rows: readonly KvRow[] | undefined): RepositoryRecord {
  const row = rows?.[0];
  if (!row) throw new DomainError('repository_not_found');
  return decodeValue<RepositoryRecord>(row);
}
