import { MemoryKvStore } from '../kv-adapter/memory-kv-store.js';
import { eventLogContract } from '../../test/contract/event-log.contract.js';
import { MemoryEventLog } from './memory-event-log.js';

eventLogContract('MemoryEventLog', async (project) => {
  const kv = new MemoryKvStore();
  const log = new MemoryEventLog({ kv, project });
  return { log, kv, close: () => log.close() };
});
