import { openPostgresStores } from '../../src/app/postgres-stores.js';
import { eventLogContract } from '../contract/event-log.contract.js';
import { freshDatabase } from '../support/postgres.js';

eventLogContract('PostgresEventLog', async (project) => {
  const database = await freshDatabase();
  const stores = await openPostgresStores({ connection: database.connection, project });
  const close = async () => {
    await stores.close();
    await database.drop();
  };
  return { log: stores.log, kv: stores.kv, close };
});
