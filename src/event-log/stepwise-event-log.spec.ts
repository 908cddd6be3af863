import { MemoryKvStore } from '../kv-adapter/memory-kv-store.js';
import { eventLogContract } from '../../test/contract/event-log.contract.js';
import { MemorySingleStreams } from '../../test/support/memory-single-streams.js';
import { MemoryEventLog } from './memory-event-log.js';
import { StepwiseEventLog } from './stepwise-event-log.js';

eventLogContract('StepwiseEventLog', async (project) => {
  const kv = new MemoryKvStore();
  const store = new MemorySingleStreams(new MemoryEventLog({ kv, project }));
  const log = new StepwiseEventLog({ store });
  return { log, kv, close: () => log.close() };
});
