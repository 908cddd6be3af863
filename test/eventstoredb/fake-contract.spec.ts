import { eventLogContract } from '../contract/event-log.contract.js';
import { FakeEventStore } from '../support/fake-event-store.js';
import { openNode } from './opened.js';

eventLogContract('EventStoreDB, stood in for, with views in memory', async (project) => {
  const fake = await FakeEventStore.start();
  const { connectionString } = fake;
  const node = await openNode({ connectionString, project });
  return {
    ...node,
    close: async () => {
      await node.close();
      fake.stop();
    },
  };
});
