import { viewSlotsContract } from '../../test/contract/view-slots.contract.js';
import { MemoryEventLog } from '../event-log/memory-event-log.js';
import { MemoryKvStore } from './memory-kv-store.js';
import { MemoryViewSlots } from './memory-view-slots.js';

viewSlotsContract('MemoryViewSlots', async (project) => {
  const kv = new MemoryKvStore();
  const log = new MemoryEventLog({ kv, project });
  return { log, kv, slots: new MemoryViewSlots(kv), close: () => log.close() };
});
