import type { BranchRecord } from '../domain/branch/branch.events.js';
import type { BranchId, RepositoryUid } from '../domain/model.js';
import type { KvRead, KvSnapshot } from '../ports/kv-store.js';
import { fromUtf8 } from '../shared/bytes.js';
import type { Page, PageRequest } from '../shared/page.js';
import { decodeValue } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import { scanPage } from './scan-page.js';

export interface ListedBranch {
  readonly name: BranchId;
  readonly record: BranchRecord;
}

/** Branches of a repository. */
export class BranchesView {
  constructor(private readonly kv: KvSnapshot) {}

  static read(uid: RepositoryUid, branch: BranchId): KvRead {
    return { kind: 'get', partition: partitions.branches(uid), key: keys.branch(branch) };
  }

  async get(uid: RepositoryUid, branch: BranchId): Promise<BranchRecord | undefined> {
    const [rows] = await this.kv.read([BranchesView.read(uid, branch)]);
    return rows?.[0] && decodeValue<BranchRecord>(rows[0]);
  }

  list(
    uid: RepositoryUid,
    page: PageRequest,
    { prefix, showsHidden }: { prefix: string; showsHidden: boolean },
  ): Promise<Page<ListedBranch>> {
    return scanPage(this.kv, page, {
      partition: partitions.branches(uid),
      prefix,
      isFiltered: false,
      item: (row) => {
        const record = decodeValue<BranchRecord>(row);
        if (record.isHidden && !showsHidden) return undefined;
        return { name: fromUtf8(row.key) as BranchId, record };
      },
    });
  }
}
