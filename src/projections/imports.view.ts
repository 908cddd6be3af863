import type { ImportId, RepositoryUid } from '../domain/model.js';
import type { KvSnapshot } from '../ports/kv-store.js';
import { decodeValue, type ImportRecord } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';

/** Imports of a repository. */
export class ImportsView {
  constructor(private readonly kv: KvSnapshot) {}

  async get(uid: RepositoryUid, id: ImportId): Promise<ImportRecord | undefined> {
    const [rows] = await this.kv.read([
      { kind: 'get', partition: partitions.imports(uid), key: keys.job(id) },
    ]);
    return rows?.[0] && decodeValue<ImportRecord>(rows[0]);
  }
}
