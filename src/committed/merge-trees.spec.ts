import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { corruptTable, partsOf, somePlaces } from '../../test/support/corrupt-tables.js';
import {
  inlineMerged,
  largeMerges,
  plainlyMerged,
  storeTrees,
} from '../../test/support/large-merges.js';
import { seed } from '../../test/support/seed.js';
import { SeededRandom } from '../../test/support/seeded-random.js';
import { changesOf, inBatches } from '../../test/support/staged-samples.js';
import { MemoryBlockStore } from '../block-adapter/memory-block-store.js';
import type { MetaRangeId, StorageNamespace } from '../domain/model.js';
import { DEFAULT_RANGE_PARAMETERS } from '../ports/committed-store.js';
import { BlockNotFound, CorruptData } from '../ports/store-errors.js';
import { BlockCommittedStore } from './block-committed-store.js';
import { MetaRangeReader } from './metarange-reader.js';
import { fileName, tableAddress, TableFiles } from './table-files.js';

const namespace = 'mem://merging' as StorageNamespace;
const empty = '' as MetaRangeId;
const byDefault = { strategy: 'default', parameters: DEFAULT_RANGE_PARAMETERS } as const;

async function stored(blocks: MemoryBlockStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of blocks.list(namespace, { prefix: '', after: '' })) keys.push(key);
  return keys;
}

/** A store with a base of two objects, and a tree on it. */
async function opened() {
  const blocks = new MemoryBlockStore();
  const store = new BlockCommittedStore(blocks, undefined);
  const on = async (base: MetaRangeId, versions: Record<string, number>) => {
    const changes = inBatches(changesOf(new Map(Object.entries(versions))));
    const parameters = DEFAULT_RANGE_PARAMETERS;
    return (await store.apply(namespace, base, changes, parameters)).metaRangeId;
  };
  return { blocks, store, on, base: await on(empty, { a: 1, b: 1 }) };
}

describe(`merging files (SEED=${seed})`, () => {
  it(
    'gives the files that writing every record anew would give',
    () =>
      fc.assert(
        fc.asyncProperty(largeMerges(100, 1500), async (merge) => {
          const blocks = new MemoryBlockStore();
          const store = new BlockCommittedStore(blocks, undefined);
          const { parameters, strategy } = merge;
          const trees = await storeTrees(store, namespace, merge);
          const files = new TableFiles(blocks);
          const reader = new MetaRangeReader(files, { metaRangeBytesMax: 1e6 });
          const [base, source, destination] = await Promise.all(
            [trees.base, trees.source, trees.destination].map((id) => reader.load(namespace, id)),
          );
          const job = {
            input: {
              base: base!,
              source: source!,
              destination: destination!,
              replaced: [],
              strategy,
            },
            parameters,
            take: () => {},
            fileOf: async ({
              id,
              minKey,
              maxKey,
            }: {
              id: string;
              minKey: Uint8Array;
              maxKey: Uint8Array;
            }) => {
              const address = tableAddress(namespace, id);
              return { name: fileName(address), file: await files.whole(address), minKey, maxKey };
            },
          };
          const id = await inlineMerged(job);
          expect(id).toBe(await plainlyMerged(job));
          const result = await store.merge(namespace, trees, { strategy, parameters });
          const isShort = trees.source === trees.base || trees.destination === trees.base;
          if (!isShort)
            expect(result).toMatchObject(id ? { metaRangeId: id } : { kind: 'conflict' });
        }),
        { seed, numRuns: 25 },
      ),
    30_000,
  );

  it('leaves nothing behind when there is a conflict', async () => {
    const { blocks, store, on, base } = await opened();
    // A range of a alone is built before the conflict is found.
    const parameters = { ...DEFAULT_RANGE_PARAMETERS, raggednessEntries: 1 };
    const source = await on(base, { a: 2, b: 2 });
    const destination = await on(base, { b: 3 });
    const before = await stored(blocks);
    const options = { strategy: 'default', parameters } as const;
    const merged = await store.merge(namespace, { base, source, destination }, options);
    expect(merged).toEqual({ kind: 'conflict', paths: ['b'] });
    expect(await stored(blocks)).toEqual(before);
  });

  it('reads no range that all trees have', async () => {
    const { blocks, store, on } = await opened();
    const parameters = { ...DEFAULT_RANGE_PARAMETERS, raggednessEntries: 1 };
    const changes = inBatches(changesOf(new Map([...'abcdefgh'].map((key) => [key, 1]))));
    const base = (await store.apply(namespace, empty, changes, parameters)).metaRangeId;
    const source = await on(base, { b: 2 });
    const destination = await on(base, { g: 2 });
    const ranges = await store.ranges(namespace, base);
    const others = new BlockCommittedStore(blocks, undefined);
    for (const { id, minKey } of ranges) {
      const isChanged = ['b', 'g'].includes(Buffer.from(minKey).toString());
      if (!isChanged) await blocks.delete(tableAddress(namespace, id));
    }
    const merged = await others.merge(namespace, { base, source, destination }, byDefault);
    expect(merged).toMatchObject({ kind: 'merged' });
    const all = { from: new Uint8Array(), limit: 10 };
    const found = await others.diff(namespace, base, source, all);
    expect(found.map(({ path }) => path)).toEqual(['b']);
  });

  it('names the file that is corrupt, whatever is wrong with it, or gone', async () => {
    const random = new SeededRandom(seed);
    const { blocks, store, on, base } = await opened();
    const source = await on(base, { a: 2 });
    const destination = await on(base, { b: 2 });
    const [range] = await store.ranges(namespace, source);
    const address = tableAddress(namespace, range!.id);
    const sound = await blocks.getBytes(address, 1e6);
    const all = { from: new Uint8Array(), limit: 10 };
    const fresh = () => new BlockCommittedStore(blocks, undefined);
    for (let n = 0; n < 40; n++) {
      const file = corruptTable(partsOf(sound), somePlaces(random), random);
      await blocks.put(
        address,
        (async function* () {
          yield file;
        })(),
      );
      for (const reading of [
        () => fresh().merge(namespace, { base, source, destination }, byDefault),
        () => fresh().diff(namespace, base, source, all),
      ]) {
        const error = await reading().then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error === undefined) continue;
        expect(error).toBeInstanceOf(CorruptData);
        expect(String(error)).toContain(range!.id);
      }
    }
    await blocks.delete(address);
    const merged = fresh().merge(namespace, { base, source, destination }, byDefault);
    await expect(merged).rejects.toThrow(BlockNotFound);
  });
});
