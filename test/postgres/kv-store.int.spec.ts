import { openPostgresStores } from '../../src/app/postgres-stores.js';
import { kvStoreContract } from '../contract/kv-store.contract.js';
import { freshDatabase } from '../support/postgres.js';

kvStoreContract('PostgresKvStore', async ({ snapshotMsMax }) => {
  const database = await freshDatabase();
  const { connection } = database;
  const stores = await openPostgresStores({ connection, project: () => [], snapshotMsMax });
  const close = async () => {
    await stores.close();
    await database.drop();
  };
  return { kv: stores.kv, close };
});
