import { committedStoreContract } from '../../test/contract/committed-store.contract.js';
import { MemoryBlockStore } from '../block-adapter/memory-block-store.js';
import { BlockCommittedStore } from './block-committed-store.js';

committedStoreContract('BlockCommittedStore', async () => {
  return new BlockCommittedStore(new MemoryBlockStore(), undefined);
});
