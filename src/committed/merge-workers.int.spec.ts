import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { plainDiff } from '../../test/support/plain-merge.js';
import { largeMerges, storeTrees, type LargeMerge } from '../../test/support/large-merges.js';
import { seed } from '../../test/support/seed.js';
import { MemoryBlockStore } from '../block-adapter/memory-block-store.js';
import type { MetaRangeId, ObjectPath, StorageNamespace } from '../domain/model.js';
import { DEFAULT_RANGE_PARAMETERS, type MergeStrategy } from '../ports/committed-store.js';
import { BlockNotFound, CorruptData } from '../ports/store-errors.js';
import { BlockCommittedStore } from './block-committed-store.js';
import { tableAddress } from './table-files.js';
import { RangeWorkerDied, RangeWorkersClosed } from './thread-session.js';

// A thread runs compiled code; `npm test` compiles first.
const workerUrl = pathToFileURL('dist/committed/range-worker.js');
const namespace = 'mem://merging-on-threads' as StorageNamespace;
const all = { from: new Uint8Array(), limit: 100_000 };
const byDefault = {
  strategy: 'default' as MergeStrategy,
  parameters: DEFAULT_RANGE_PARAMETERS,
};
// More than is done on the caller's thread.
const merges = largeMerges(6_000, 9_000);
const oneMerge: LargeMerge = {
  count: 6_000,
  parameters: DEFAULT_RANGE_PARAMETERS,
  source: [[40, 1]],
  destination: [[9_000, 1]],
  strategy: 'default',
};

const stores: BlockCommittedStore[] = [];
function opened(blocks: MemoryBlockStore, url: URL | undefined = workerUrl): BlockCommittedStore {
  const store = new BlockCommittedStore(blocks, url);
  stores.push(store);
  return store;
}
afterAll(() => Promise.all(stores.map((store) => store.close())));
const inline = (blocks: MemoryBlockStore) => new BlockCommittedStore(blocks, undefined);
const code = (text: string) => new URL(`data:text/javascript,${encodeURIComponent(text)}`);

async function contentOf(store: BlockCommittedStore, id: MetaRangeId) {
  const objects = await store.scan(namespace, id, all);
  return new Map(objects.map(({ path, entry }) => [path, entry]));
}

describe(`merging and comparing on threads (SEED=${seed})`, () => {
  it(
    'gives the tree that the caller’s thread would give',
    () =>
      fc.assert(
        fc.asyncProperty(merges, async (merge) => {
          const blocks = new MemoryBlockStore();
          const trees = await storeTrees(inline(blocks), namespace, merge);
          const { strategy, parameters } = merge;
          const options = { strategy, parameters };
          const wanted = await inline(blocks).merge(namespace, trees, options);
          expect(await opened(blocks).merge(namespace, trees, options)).toEqual(wanted);
        }),
        { seed, numRuns: 8 },
      ),
    60_000,
  );

  it(
    'finds the differences that are there, from any path on',
    () =>
      fc.assert(
        fc.asyncProperty(merges, fc.nat(9_000), fc.nat(100), async (merge, place, limit) => {
          const blocks = new MemoryBlockStore();
          const store = opened(blocks);
          const { source, destination } = await storeTrees(store, namespace, merge);
          const found = await store.diff(namespace, destination, source, all);
          const wanted = plainDiff(
            await contentOf(store, destination),
            await contentOf(store, source),
          );
          expect(found).toEqual(wanted);
          const empty = '' as MetaRangeId;
          const added = await store.diff(namespace, empty, source, all);
          expect(added).toHaveLength((await contentOf(store, source)).size);
          const from = Buffer.from(`some/folder/name-${String(place).padStart(6, '0')}`);
          const page = await store.diff(namespace, empty, source, { from, limit });
          const isAfter = ({ path }: { path: ObjectPath }) =>
            Buffer.compare(Buffer.from(path), from) >= 0;
          expect(page).toEqual(added.filter(isAfter).slice(0, limit));
        }),
        { seed, numRuns: 6 },
      ),
    60_000,
  );

  it.each([
    ['when it is given work', 'throw new Error("out of memory")'],
    ['without a word', 'process.exit(3)'],
  ])('fails by name when a thread dies %s', async (_, text) => {
    const blocks = new MemoryBlockStore();
    const trees = await storeTrees(inline(blocks), namespace, oneMerge);
    const dying = code(`
      import { parentPort } from 'node:worker_threads';
      parentPort.on('message', () => { ${text} });`);
    const store = opened(blocks, dying);
    await expect(store.merge(namespace, trees, byDefault)).rejects.toThrow(RangeWorkerDied);
    const compared = store.diff(namespace, '' as MetaRangeId, trees.source, all);
    await expect(compared).rejects.toThrow(RangeWorkerDied);
  });

  it('fails by name what is not done when it is closed, and what comes after', async () => {
    const blocks = new MemoryBlockStore();
    const trees = await storeTrees(inline(blocks), namespace, oneMerge);
    const silent = code(`
      import { parentPort } from 'node:worker_threads';
      parentPort.on('message', () => {});`);
    const store = opened(blocks, silent);
    const merged = expect(store.merge(namespace, trees, byDefault)).rejects.toThrow(
      RangeWorkersClosed,
    );
    const compared = expect(
      store.diff(namespace, '' as MetaRangeId, trees.source, all),
    ).rejects.toThrow(RangeWorkersClosed);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await store.close();
    await Promise.all([merged, compared]);
    await expect(store.merge(namespace, trees, byDefault)).rejects.toThrow(RangeWorkersClosed);
  });

  it('names the file that is corrupt, or gone, and merges again when it is back', async () => {
    const blocks = new MemoryBlockStore();
    const trees = await storeTrees(inline(blocks), namespace, oneMerge);
    const [range] = await inline(blocks).ranges(namespace, trees.source);
    const address = tableAddress(namespace, range!.id);
    const sound = await blocks.getBytes(address, 1e9);
    const put = (file: Uint8Array) =>
      blocks.put(
        address,
        (async function* () {
          yield file;
        })(),
      );
    const file = Buffer.from(sound);
    file[90_000] = (file[90_000] ?? 0) ^ 1;
    await put(file);
    const store = opened(blocks);
    const merged = store.merge(namespace, trees, byDefault);
    await expect(merged).rejects.toThrow(CorruptData);
    await expect(merged).rejects.toThrow(
      `${namespace}/_lakefs/${range!.id}: a block does not match`,
    );
    const compared = store.diff(namespace, '' as MetaRangeId, trees.source, all);
    await expect(compared).rejects.toThrow(`${range!.id}: a block does not match`);
    await blocks.delete(address);
    await expect(opened(blocks).merge(namespace, trees, byDefault)).rejects.toThrow(BlockNotFound);
    await put(sound);
    // Another one: a small file that was read is kept as it was.
    const again = await opened(blocks).merge(namespace, trees, byDefault);
    expect(again).toMatchObject({ kind: 'merged' });
  });
});
