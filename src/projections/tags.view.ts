import type { RepositoryUid, TagId } from '../domain/model.js';
import type { KvRead, KvSnapshot } from '../ports/kv-store.js';
import { fromUtf8 } from '../shared/bytes.js';
import type { Page, PageRequest } from '../shared/page.js';
import { decodeValue, type TagRecord } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import { scanPage } from './scan-page.js';

export interface ListedTag extends TagRecord {
  readonly name: TagId;
}

/** Tags of a repository. */
export class TagsView {
  constructor(private readonly kv: KvSnapshot) {}

  static read(uid: RepositoryUid, tag: TagId): KvRead {
    return { kind: 'get', partition: partitions.tags(uid), key: keys.tag(tag) };
  }

  async get(uid: RepositoryUid, tag: TagId): Promise<TagRecord | undefined> {
    const [rows] = await this.kv.read([TagsView.read(uid, tag)]);
    return rows?.[0] && decodeValue<TagRecord>(rows[0]);
  }

  list(
    uid: RepositoryUid,
    page: PageRequest,
    { prefix }: { prefix: string },
  ): Promise<Page<ListedTag>> {
    return scanPage(this.kv, page, {
      partition: partitions.tags(uid),
      prefix,
      isFiltered: false,
      item: (row) => ({ name: fromUtf8(row.key) as TagId, ...decodeValue<TagRecord>(row) }),
    });
  }
}
