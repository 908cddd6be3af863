import { eventLogContract } from '../contract/event-log.contract.js';
import { openNode } from '../eventstoredb/opened.js';
import { streamsServer } from '../support/streams-server.js';

// The client, the protocol, this server and the log below it: all that lies between two ports.
eventLogContract("a log in memory, by EventStoreDB's protocol", async (project) => {
  const server = await streamsServer();
  const node = await openNode({ connectionString: server.url, project });
  return {
    ...node,
    close: async () => {
      await node.close();
      await server.close();
    },
  };
});
