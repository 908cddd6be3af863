import { openPostgresStores } from '../../src/app/postgres-stores.js';
import { viewSlotsContract } from '../contract/view-slots.contract.js';
import { freshDatabase } from '../support/postgres.js';

viewSlotsContract('PostgresViewSlots', async (project) => {
  const database = await freshDatabase();
  const stores = await openPostgresStores({ connection: database.connection, project });
  const close = async () => {
    await stores.close();
    await database.drop();
  };
  return { log: stores.log, kv: stores.kv, slots: stores.slots, close };
});
