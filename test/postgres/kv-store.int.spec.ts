import { pathToFileURL } from 'node:url';
import { openPostgresStores } from '../../src/app/postgres-stores.js';
import { kvStoreContract } from '../contract/kv-store.contract.js';
import { freshDatabase } from '../support/postgres.js';

// A thread runs compiled code; `npm test` compiles first.
const packWorker = pathToFileURL('dist/app/pack-worker.js');

kvStoreContract('PostgresKvStore', async ({ snapshotMsMax }) => {
  const database = await freshDatabase();
  const { connection } = database;
  const project = () => [];
  const stores = await openPostgresStores({ connection, project, snapshotMsMax, packWorker });
  const close = async () => {
    await stores.close();
    await database.drop();
  };
  return { kv: stores.kv, close };
});
