import type { KvStore } from '../ports/kv-store.js';
import type { Secrets } from '../ports/secrets.js';
import { PredicateFailed } from '../ports/store-errors.js';
import { fromUtf8, utf8 } from '../shared/bytes.js';
import { StartError } from './start-error.js';

const PARTITION = 'plain/installation';
const KEY = utf8('secret-key-fingerprint');

/**
 * Keeps the fingerprint of the first secret key, and holds every later one against it.
 *
 * @throws StartError  this node has another key: what was sealed with the first one would not open
 */
export async function assertSecretKey(kv: KvStore, secrets: Secrets): Promise<void> {
  const mine = secrets.fingerprint();
  for (;;) {
    const [rows] = await kv.read([{ kind: 'get', partition: PARTITION, key: KEY }]);
    const row = rows?.[0];
    if (row) {
      const kept = fromUtf8(row.value);
      if (kept === mine) return;
      throw new StartError(
        'secret_key',
        `the secret key (fingerprint ${mine}) is not the one that this installation was set up ` +
          `with (${kept}); give MORAINE_SECRET_KEY, or <data>/secret.key, of the first node`,
      );
    }
    try {
      await kv.setIf(PARTITION, KEY, { bytes: utf8(mine), schema: 1 }, undefined);
      return;
    } catch (error) {
      // Another node wrote at the same moment: look at what it wrote.
      if (!(error instanceof PredicateFailed)) throw error;
    }
  }
}
