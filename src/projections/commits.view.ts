import { LRUCache } from 'lru-cache';
import type { CommitId, CommitRecord, RepositoryUid } from '../domain/model.js';
import type { KvSnapshot } from '../ports/kv-store.js';
import { afterPrefix, justAfter, utf8 } from '../shared/bytes.js';
import { decodeValue } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';

/** Commits of a repository. They never change, so what was read once is kept, bounded. */
export class CommitsView {
  readonly #cache: LRUCache<string, CommitRecord>;

  constructor(
    private readonly kv: KvSnapshot,
    limits: { readonly cachedCommits: number },
  ) {
    this.#cache = new LRUCache({ max: limits.cachedCommits });
  }

  async get(uid: RepositoryUid, id: CommitId): Promise<CommitRecord | undefined> {
    const [commit] = await this.getAll(uid, [id]);
    return commit;
  }

  /** Returns commits in the order of their ids; undefined for one that is not there. */
  async getAll(
    uid: RepositoryUid,
    ids: readonly CommitId[],
  ): Promise<readonly (CommitRecord | undefined)[]> {
    const missing = ids.filter((id) => !this.#cache.has(cacheKey(uid, id)));
    if (missing.length > 0) {
      const pages = await this.kv.read(
        missing.map((id) => ({
          kind: 'get' as const,
          partition: partitions.commits(uid),
          key: keys.commit(id),
        })),
      );
      const read = new Map<CommitId, CommitRecord>();
      for (const [index, id] of missing.entries()) {
        const row = pages[index]?.[0];
        if (row) read.set(id, decodeValue<CommitRecord>(row));
      }
      for (const [id, commit] of read) this.#cache.set(cacheKey(uid, id), commit);
      return ids.map((id) => read.get(id) ?? this.#cache.get(cacheKey(uid, id)));
    }
    return ids.map((id) => this.#cache.get(cacheKey(uid, id)));
  }

  /** Returns a commit that is kept, so that no read is needed for it. */
  atHand(uid: RepositoryUid, id: CommitId): CommitRecord | undefined {
    return this.#cache.get(cacheKey(uid, id));
  }

  /** Keeps a commit that is in the log. */
  keep(uid: RepositoryUid, commit: CommitRecord): void {
    this.#cache.set(cacheKey(uid, commit.id), commit);
  }

  /** Returns at most `limit` commits in the order of their ids, behind `after`, and keeps them. */
  async page(
    uid: RepositoryUid,
    after: CommitId | undefined,
    limit: number,
  ): Promise<readonly CommitRecord[]> {
    const from = after === undefined ? {} : { from: justAfter(keys.commit(after)) };
    const partition = partitions.commits(uid);
    const [rows = []] = await this.kv.read([{ kind: 'scan', partition, limit, ...from }]);
    const page = rows.map((row) => decodeValue<CommitRecord>(row));
    for (const commit of page) this.#cache.set(cacheKey(uid, commit.id), commit);
    return page;
  }

  /** Returns the one commit whose id begins so; undefined when there is none, or more than one. */
  async byPrefix(uid: RepositoryUid, prefix: string): Promise<CommitRecord | undefined> {
    const from = utf8(prefix);
    const until = afterPrefix(from);
    const [rows = []] = await this.kv.read([
      {
        kind: 'scan',
        partition: partitions.commits(uid),
        from,
        limit: 2,
        ...(until ? { until } : {}),
      },
    ]);
    const [row] = rows;
    return rows.length === 1 && row ? decodeValue<CommitRecord>(row) : undefined;
  }
}

const cacheKey = (uid: RepositoryUid, id: CommitId) => `${uid}/${id}`;
