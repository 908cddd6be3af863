import type { RefsTaskId, RepositoryUid } from '../domain/model.js';
import type { KvSnapshot } from '../ports/kv-store.js';
import { decodeValue, type RefsTaskRecord } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';

/** Dumps and restores of a repository's refs. */
export class RefsTasksView {
  constructor(private readonly kv: KvSnapshot) {}

  async get(uid: RepositoryUid, id: RefsTaskId): Promise<RefsTaskRecord | undefined> {
    const [rows] = await this.kv.read([
      { kind: 'get', partition: partitions.refsTasks(uid), key: keys.job(id) },
    ]);
    return rows?.[0] && decodeValue<RefsTaskRecord>(rows[0]);
  }
}
