import type { BranchRecord } from '../domain/branch/branch.events.js';
import type { BranchId, CommitId, RepositoryUid } from '../domain/model.js';
import type { KvRow, KvSnapshot } from '../ports/kv-store.js';
import { afterPrefix, fromUtf8, utf8 } from '../shared/bytes.js';
import { BranchesView } from './branches.view.js';
import { decodeValue } from './kv-codec.js';
import { partitions } from './kv-keys.js';
import { scanRows } from './scan-rows.js';

export interface BranchAt {
  readonly commitId: CommitId;
  readonly branch: BranchId;
  readonly record: BranchRecord;
}

/** Branches whose records are read at once. */
const AT_ONCE = 100;

/** Branches of a repository by the commit that they stand at. */
export class HeadsView {
  constructor(private readonly kv: KvSnapshot) {}

  /** Yields every branch, ordered by its head's id, then by its name. */
  all(uid: RepositoryUid): AsyncGenerator<BranchAt> {
    return this.#there(uid, scanRows(this.kv, partitions.heads(uid)));
  }

  /** Yields the branches that stand at a commit. */
  at(uid: RepositoryUid, commitId: CommitId): AsyncGenerator<BranchAt> {
    const from = utf8(`${commitId}/`);
    const until = afterPrefix(from);
    const span = until ? { from, until } : { from };
    return this.#there(uid, scanRows(this.kv, partitions.heads(uid), span));
  }

  /** A row may be left of a branch that an older program deleted: the branch itself tells. */
  async *#there(uid: RepositoryUid, rows: AsyncIterable<KvRow>): AsyncGenerator<BranchAt> {
    let group: Omit<BranchAt, 'record'>[] = [];
    for await (const row of rows) {
      const [commitId] = fromUtf8(row.key).split('/', 1);
      const { branch } = decodeValue<{ branch: BranchId }>(row);
      group.push({ commitId: commitId as CommitId, branch });
      if (group.length < AT_ONCE) continue;
      yield* await this.#standing(uid, group);
      group = [];
    }
    yield* await this.#standing(uid, group);
  }

  async #standing(
    uid: RepositoryUid,
    group: readonly Omit<BranchAt, 'record'>[],
  ): Promise<readonly BranchAt[]> {
    if (group.length === 0) return [];
    const found = await this.kv.read(group.map(({ branch }) => BranchesView.read(uid, branch)));
    return group.flatMap((each, index) => {
      const [row] = found[index] ?? [];
      if (!row) return [];
      const record = decodeValue<BranchRecord>(row);
      return record.head.commitId === each.commitId ? [{ ...each, record }] : [];
    });
  }
}
