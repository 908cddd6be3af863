import type { PullId, RepositoryUid } from '../domain/model.js';
import type { PullRecord } from '../domain/pull/pull.events.js';
import type { KvSnapshot } from '../ports/kv-store.js';
import type { Page, PageRequest } from '../shared/page.js';
import { decodeValue } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import { scanPage } from './scan-page.js';

/** Pull requests of a repository, the newest first. */
export class PullsView {
  constructor(private readonly kv: KvSnapshot) {}

  async get(uid: RepositoryUid, id: PullId): Promise<PullRecord | undefined> {
    const [rows] = await this.kv.read([
      { kind: 'get', partition: partitions.pulls(uid), key: keys.pull(id) },
    ]);
    return rows?.[0] && decodeValue<PullRecord>(rows[0]);
  }

  /** @param isWanted  those whose status it says no to are left out */
  list(
    uid: RepositoryUid,
    page: PageRequest,
    { prefix, isWanted }: { prefix: string; isWanted: (pull: PullRecord) => boolean },
  ): Promise<Page<PullRecord>> {
    return scanPage(this.kv, page, {
      partition: partitions.pulls(uid),
      prefix,
      isFiltered: true,
      item: (row) => {
        const pull = decodeValue<PullRecord>(row);
        return isWanted(pull) ? pull : undefined;
      },
    });
  }
}
