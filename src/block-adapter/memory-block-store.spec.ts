import { blockStoreContract } from '../../test/contract/block-store.contract.js';
import { MemoryBlockStore } from './memory-block-store.js';

blockStoreContract('MemoryBlockStore', async () => new MemoryBlockStore());
