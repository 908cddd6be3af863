import { committedStoreContract } from '../../test/contract/committed-store.contract.js';
import { describe, expect, it } from '@jest/globals';
import { inBatches, changesOf } from '../../test/support/staged-samples.js';
import { MemoryBlockStore } from '../block-adapter/memory-block-store.js';
import type { MetaRangeId, StorageNamespace } from '../domain/model.js';
import { DEFAULT_RANGE_PARAMETERS } from '../ports/committed-store.js';
import { CorruptData } from '../ports/store-errors.js';
import { BlockCommittedStore, DEFAULT_COMMITTED_LIMITS } from './block-committed-store.js';
import { tableAddress } from './table-files.js';

committedStoreContract('BlockCommittedStore', async () => {
  return new BlockCommittedStore(new MemoryBlockStore(), undefined);
});

const namespace = 'mem://one' as StorageNamespace;
const OBJECTS = 200;
const many = new Map(Array.from({ length: OBJECTS }, (_, n) => [`a/${1000 + n}`, n] as const));

describe('a block of a range that a commit copies', () => {
  it('is checked when the range was read, though its writer has it in memory', async () => {
    const blocks = new MemoryBlockStore();
    // No file is kept: a server that reads much drops those that it has written, too.
    const store = new BlockCommittedStore(blocks, undefined, {
      ...DEFAULT_COMMITTED_LIMITS,
      tableBytesMax: 1,
    });
    const lay = (base: string, changes: ReadonlyMap<string, number>) =>
      store.apply(
        namespace,
        base as MetaRangeId,
        inBatches(changesOf(changes)),
        DEFAULT_RANGE_PARAMETERS,
      );
    const { metaRangeId } = await lay('', many);
    const [range] = await store.ranges(namespace, metaRangeId);
    const address = tableAddress(namespace, range?.id ?? '');
    const file = Buffer.from(await blocks.getBytes(address, 1_000_000));
    file[100] = (file[100] ?? 0) ^ 1;
    await blocks.put(
      address,
      (async function* () {
        yield file;
      })(),
    );
    await expect(lay(metaRangeId, new Map([['a/1150b', 1]]))).rejects.toThrow(CorruptData);
  });
});
