import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { SlowBlocks } from '../../test/support/slow-blocks.js';
import { corruptTable, partsOf } from '../../test/support/corrupt-tables.js';
import { golden, goldenObject } from '../../test/support/golden-records.js';
import { seed } from '../../test/support/seed.js';
import { SeededRandom } from '../../test/support/seeded-random.js';
import { plainCommit } from '../../test/support/plain-commit.js';
import { changesOf, entryOf, inBatches } from '../../test/support/staged-samples.js';
import { expectPlainTrees, histories } from '../../test/support/tree-histories.js';
import { MemoryBlockStore } from '../block-adapter/memory-block-store.js';
import type { MetaRangeId, ObjectPath, RangeId, StorageNamespace } from '../domain/model.js';
import { DEFAULT_RANGE_PARAMETERS, type StagedChange } from '../ports/committed-store.js';
import { InvariantError } from '../shared/assert.js';
import { BlockCommittedStore } from './block-committed-store.js';
import { buildMetaRange } from './metarange-writer.js';
import { sliceOf } from './slice.js';
import { BlockWriter } from './sstable/block-writer.js';

const namespace = 'mem://apply' as StorageNamespace;
const empty = '' as MetaRangeId;
const path = (n: number) => `object-${String(n).padStart(6, '0')}`;
const manyObjects = (count: number, version = 1) =>
  changesOf(new Map(Array.from({ length: count }, (_, n) => [path(n), version + (n % 50) * 100])));

async function stored(blocks: MemoryBlockStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of blocks.list(namespace, { prefix: '', after: '' })) keys.push(key);
  return keys;
}

function opened() {
  const blocks = new MemoryBlockStore();
  const store = new BlockCommittedStore(blocks, undefined);
  const apply = (base: MetaRangeId, changes: readonly StagedChange[], parameters = {}) =>
    store.apply(namespace, base, inBatches(changes, 300), {
      ...DEFAULT_RANGE_PARAMETERS,
      ...parameters,
    });
  return { blocks, apply };
}

describe(`laying changes over a tree (SEED=${seed})`, () => {
  it(
    'gives the files that writing every record anew would give',
    () =>
      fc.assert(
        fc.asyncProperty(histories(800), (history) =>
          expectPlainTrees(
            new BlockCommittedStore(new MemoryBlockStore(), undefined),
            namespace,
            history,
          ),
        ),
        { seed, numRuns: 25 },
      ),
    30_000,
  );

  it('goes on with a range whose last object is gone, and its cut with it', async () => {
    const parameters = { ...DEFAULT_RANGE_PARAMETERS, raggednessEntries: 200 };
    const objects = manyObjects(3000);
    const plain = plainCommit([], objects, parameters);
    const { apply } = opened();
    const { metaRangeId } = await apply(empty, objects, parameters);
    for (const [at, { range }] of plain.slice(0, -1).entries()) {
      const last = Buffer.from(range.maxKey).toString();
      const next = Buffer.from(plain[at + 1]?.range.minKey ?? []).toString();
      for (const version of [undefined, 77]) {
        const changes = changesOf(
          new Map([
            [last, version],
            [next, 78],
          ]),
        );
        const wanted = plainCommit(plain, changes, parameters).map((built) => built.range);
        const built = await apply(metaRangeId, changes, parameters);
        expect(built.metaRangeId).toBe((await buildMetaRange(wanted)).id);
      }
    }
  });

  it('goes on in a block that was taken whole', async () => {
    // The first object changes and keeps its length, so that all other blocks stay in step.
    const objects = manyObjects(990);
    const plain = plainCommit([], objects, DEFAULT_RANGE_PARAMETERS);
    const { apply } = opened();
    const { metaRangeId } = await apply(empty, objects);
    for (const addedCount of [1, 2, 17, 60]) {
      const more = Array.from({ length: addedCount }, (_, n) => [path(990 + n), 8] as const);
      const changes = changesOf(new Map([[path(0), 4], ...more]));
      const [wanted] = plainCommit(plain, changes, DEFAULT_RANGE_PARAMETERS);
      if (!wanted) throw new Error('one range');
      const built = await apply(metaRangeId, changes);
      expect(built.metaRangeId).toBe((await buildMetaRange([wanted.range])).id);
    }
  });

  it("takes no block whole of another writer's file, where it may lie otherwise", async () => {
    const [own] = plainCommit([], manyObjects(990), DEFAULT_RANGE_PARAMETERS);
    if (!own) throw new Error('one range');
    const { blocks, apply } = opened();
    await apply(empty, manyObjects(990));
    const address = { namespace, key: `_lakefs/${own.range.id}` };
    // Raw blocks, and properties that do not name the writer.
    const parts = partsOf(await blocks.getBytes(address, 1e9));
    const bare = new BlockWriter(1);
    const name = 'rocksdb.block.based.table.index.type';
    bare.add(sliceOf(Buffer.from(name)), new Uint8Array(), sliceOf(Buffer.alloc(4)));
    const foreign = { ...parts, properties: Buffer.from(bare.finish()) };
    const file = corruptTable(foreign, new Set(), new SeededRandom(seed));
    const range = { ...own.range, id: 'fe'.repeat(32) as RangeId };
    const base = await buildMetaRange([range]);
    await blocks.putIfAbsent({ namespace, key: `_lakefs/${range.id}` }, file);
    await blocks.putIfAbsent({ namespace, key: `_lakefs/${base.id}` }, base.file);

    const changes = changesOf(new Map([[path(0), 4]]));
    const [wanted] = plainCommit([own], changes, DEFAULT_RANGE_PARAMETERS);
    if (!wanted) throw new Error('one range');
    const built = await apply(base.id, changes);
    expect(built.metaRangeId).toBe((await buildMetaRange([wanted.range])).id);
  });

  it('writes what lakeFS writes, from objects to metarange', async () => {
    const { apply } = opened();
    // Times of whole milliseconds: those of the recipe whose microseconds are 0.
    const { path: at, entry } = goldenObject(0);
    const { metaRangeId } = await apply(empty, [{ path: at as ObjectPath, entry }]);
    expect(metaRangeId).toBe(golden.metaranges.find(({ name }) => name === 'one')?.id);
  });

  it('reads and writes no range that no change falls in', async () => {
    const { blocks, apply } = opened();
    const parameters = { raggednessEntries: 500 };
    const { metaRangeId } = await apply(empty, manyObjects(6000), parameters);
    const before = await stored(blocks);
    // Every range but the first is taken away: an apply that looked at one would fail.
    const change = changesOf(new Map([[path(0), 7]]));
    const first = await apply(metaRangeId, change, parameters);
    const made = (await stored(blocks)).filter((key) => !before.includes(key));
    expect(first.changedCount).toBe(1);
    expect(before.length).toBeGreaterThan(5);
    // One range and one metarange.
    expect(made).toHaveLength(2);
    for (const key of made) await blocks.delete({ namespace, key });
    for (const key of before) {
      const kept = [`_lakefs/${metaRangeId}`, `_lakefs/${await firstRange(before, blocks)}`];
      if (!kept.includes(key)) await blocks.delete({ namespace, key });
    }
    const fresh = new BlockCommittedStore(blocks, undefined);
    const again = await fresh.apply(namespace, metaRangeId, inBatches(change), {
      ...DEFAULT_RANGE_PARAMETERS,
      ...parameters,
    });
    expect(again).toEqual(first);
  });

  it('stores nothing when nothing differs, not even ranges cut another way', async () => {
    const { blocks, apply } = opened();
    const objects = manyObjects(6000);
    const { metaRangeId } = await apply(empty, objects, { raggednessEntries: 500 });
    const before = await stored(blocks);
    const none = { metaRangeId, addedCount: 0, changedCount: 0, removedCount: 0 };
    expect(await apply(metaRangeId, objects, { raggednessEntries: 500 })).toEqual(none);
    expect(await apply(metaRangeId, objects, { raggednessEntries: 70 })).toEqual(none);
    expect(await apply(metaRangeId, changesOf(new Map([['not-there', undefined]])))).toEqual(none);
    expect(await apply(metaRangeId, [])).toEqual(none);
    expect(await stored(blocks)).toEqual(before);
  });

  it('refuses changes that do not ascend, and gives up cleanly', async () => {
    const { apply } = opened();
    const [a, b] = [1, 2].map((n) => ({ path: path(n) as ObjectPath, entry: entryOf(n) }));
    if (!a || !b) throw new Error('two changes');
    await expect(apply(empty, [b, a])).rejects.toThrow(InvariantError);
    await expect(apply(empty, [a, a])).rejects.toThrow(InvariantError);
  });

  it('goes on over a tree of which most ranges still wait to be stored', async () => {
    const blocks = new SlowBlocks(new SeededRandom(seed));
    const store = new BlockCommittedStore(blocks, undefined);
    const parameters = { ...DEFAULT_RANGE_PARAMETERS, raggednessEntries: 100 };
    const lay = (base: MetaRangeId, changes: readonly StagedChange[]) =>
      store.lay(namespace, base, inBatches(changes, 500), parameters);
    const lower = await lay(empty, manyObjects(3000));
    const last = changesOf(new Map([[path(2999), 7]]));
    // Each at once: whoever waits for one file may find all of them stored.
    const [read, upper] = await Promise.all([
      store.get(namespace, lower.metaRangeId, path(2998) as ObjectPath),
      lay(lower.metaRangeId, last),
    ]);
    await Promise.all([lower.stored, upper.stored]);
    expect(read).toEqual(entryOf(1 + (2998 % 50) * 100));
    expect(upper.changedCount).toBe(1);
  });

  it('fails when a file cannot be stored', async () => {
    class FullBlockStore extends MemoryBlockStore {
      override async putIfAbsent(): Promise<boolean> {
        throw new Error('no space left');
      }
    }
    const store = new BlockCommittedStore(new FullBlockStore(), undefined);
    const applied = store.apply(
      namespace,
      empty,
      inBatches(manyObjects(5000)),
      DEFAULT_RANGE_PARAMETERS,
    );
    await expect(applied).rejects.toThrow('no space left');
  });
});

/** Returns the id of the range that holds the first object: the others do not name its path. */
async function firstRange(keys: readonly string[], blocks: MemoryBlockStore): Promise<string> {
  for (const key of keys) {
    const file = Buffer.from(await blocks.getBytes({ namespace, key }, 1e9).catch(() => []));
    // Its properties block has the first key after a name that begins as the one before it.
    const isRange = !file.includes('metaranges') && file.includes(`in_key${path(0)}`);
    if (isRange) return key.slice('_lakefs/'.length);
  }
  throw new Error('no range begins with the first object');
}
