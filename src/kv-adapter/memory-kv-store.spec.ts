import { kvStoreContract } from '../../test/contract/kv-store.contract.js';
import { MemoryKvStore } from './memory-kv-store.js';

kvStoreContract('MemoryKvStore', async (options) => {
  const kv = new MemoryKvStore(options);
  return { kv, close: () => kv.close() };
});
