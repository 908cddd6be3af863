import { describe } from '@jest/globals';
import { eventLogContract } from '../contract/event-log.contract.js';
import { freshDatabase } from '../support/postgres.js';
import { storeServer } from './store-server.js';
import { openNode } from './opened.js';
import { twoNodesContract } from './two-nodes.js';

/** By the served protocol, or by a real server's where `EVENTSTORE_URL` names one. */
describe('the log in an EventStoreDB', () => {
  eventLogContract('with views in memory', async (project) => {
    const server = await storeServer();
    const node = await openNode({ connectionString: server.url, project });
    return {
      ...node,
      close: async () => {
        await node.close();
        await server.close();
      },
    };
  });

  eventLogContract('with views in Postgres', async (project) => {
    const [server, database] = await Promise.all([storeServer(), freshDatabase()]);
    const { connection } = database;
    const node = await openNode({ connectionString: server.url, project, connection });
    return {
      ...node,
      close: async () => {
        await node.close();
        await server.close();
        await database.drop();
      },
    };
  });

  twoNodesContract();
});
