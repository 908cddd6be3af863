import type { KvSnapshot } from '../ports/kv-store.js';
import { utf8 } from '../shared/bytes.js';
import { decodeValue, type CredentialRecord, type SetupRecord } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';

/** The administrator, and key pairs by their access key id. */
export class InstallationView {
  constructor(private readonly kv: KvSnapshot) {}

  async setup(): Promise<SetupRecord | undefined> {
    const [rows] = await this.kv.read([
      { kind: 'get', partition: partitions.installation, key: keys.setup },
    ]);
    return rows?.[0] && decodeValue<SetupRecord>(rows[0]);
  }

  async credential(accessKeyId: string): Promise<CredentialRecord | undefined> {
    const [rows] = await this.kv.read([
      { kind: 'get', partition: partitions.credentials, key: utf8(accessKeyId) },
    ]);
    return rows?.[0] && decodeValue<CredentialRecord>(rows[0]);
  }
}
