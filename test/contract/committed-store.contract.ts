import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { MetaRangeId, ObjectPath, StorageNamespace } from '../../src/domain/model.js';
import {
  DEFAULT_RANGE_PARAMETERS,
  type CommittedStore,
  type RangeParameters,
} from '../../src/ports/committed-store.js';
import { BlockNotFound } from '../../src/ports/store-errors.js';
import { compareUtf8, utf8 } from '../../src/shared/bytes.js';
import { seed } from '../support/seed.js';
import { changeMaps, changesOf, entryOf, inBatches, paths } from '../support/staged-samples.js';
import { mergedTreesContract } from './merged-trees.contract.js';

const namespace = 'mem://contract' as StorageNamespace;
const empty = '' as MetaRangeId;
const path = (text: string) => text as ObjectPath;

/** The usual ones, and some that cut trees of a few objects into many ranges. */
const parameterSets: fc.Arbitrary<RangeParameters> = fc.constantFrom(
  DEFAULT_RANGE_PARAMETERS,
  { rangeBytesMin: 0, rangeBytesMax: 20 * 1024 * 1024, raggednessEntries: 7 },
  { rangeBytesMin: 0, rangeBytesMax: 1500, raggednessEntries: 10 },
  { rangeBytesMin: 900, rangeBytesMax: 4000, raggednessEntries: 3 },
);

type Model = ReadonlyMap<string, number>;

/** What a change does to a model, and how often. */
function modelAfter(model: Model, changes: ReadonlyMap<string, number | undefined>) {
  const next = new Map(model);
  const counts = { addedCount: 0, changedCount: 0, removedCount: 0 };
  for (const [key, version] of changes) {
    const before = model.get(key);
    if (version === undefined) {
      if (next.delete(key)) counts.removedCount++;
    } else {
      if (before === undefined) counts.addedCount++;
      else if (before !== version) counts.changedCount++;
      next.set(key, version);
    }
  }
  return { next, counts };
}

const objectsOf = (model: Model) =>
  [...model]
    .sort(([a], [b]) => compareUtf8(a, b))
    .map(([key, version]) => ({ path: key, entry: entryOf(version) }));

const ofA = (version: number | undefined) => inBatches(changesOf(new Map([['a', version]])));

async function* failing() {
  yield changesOf(new Map([['a', 1]]));
  throw new Error('staging is gone');
}

/** What every CommittedStore does. An implementation's own spec calls this. */
export function committedStoreContract(name: string, open: () => Promise<CommittedStore>): void {
  const everything = { from: new Uint8Array(), limit: 10_000 };
  const check = { seed, numRuns: 60 };
  mergedTreesContract(name, open);

  describe(`${name}, as a CommittedStore (SEED=${seed})`, () => {
    it('holds what a map would hold after the same changes, and counts them', () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(changeMaps, { maxLength: 5 }),
          parameterSets,
          fc.array(paths, { maxLength: 10 }),
          async (commits, parameters, probes) => {
            const store = await open();
            let model: Model = new Map();
            let tree = empty;
            for (const changes of commits) {
              const batches = inBatches(changesOf(changes));
              const { metaRangeId, ...counts } = await store.apply(
                namespace,
                tree,
                batches,
                parameters,
              );
              const wanted = modelAfter(model, changes);
              expect(counts).toEqual(wanted.counts);
              tree = metaRangeId;
              model = wanted.next;
              expect(await store.scan(namespace, tree, everything)).toEqual(objectsOf(model));
            }
            for (const probe of probes) {
              const version = model.get(probe);
              const wanted = version === undefined ? undefined : entryOf(version);
              expect(await store.get(namespace, tree, path(probe))).toEqual(wanted);
            }
          },
        ),
        check,
      ));

    it('scans from a key on, until another, at most so many', () =>
      fc.assert(
        fc.asyncProperty(
          changeMaps,
          parameterSets,
          fc.record({
            from: paths,
            until: fc.option(paths, { nil: undefined }),
            limit: fc.nat(90),
          }),
          async (changes, parameters, { from, until, limit }) => {
            const store = await open();
            const batches = inBatches(changesOf(changes));
            const { metaRangeId } = await store.apply(namespace, empty, batches, parameters);
            const found = await store.scan(namespace, metaRangeId, {
              from: utf8(from),
              ...(until === undefined ? {} : { until: utf8(until) }),
              limit,
            });
            const wanted = objectsOf(modelAfter(new Map(), changes).next).filter(
              ({ path: at }) =>
                compareUtf8(at, from) >= 0 && (until === undefined || compareUtf8(at, until) < 0),
            );
            expect(found).toEqual(wanted.slice(0, limit));
          },
        ),
        check,
      ));

    it('gives equal content equal ids, however it comes', () =>
      fc.assert(
        fc.asyncProperty(
          changeMaps,
          parameterSets,
          fc.integer({ min: 1, max: 50 }),
          async (changes, parameters, batchSize) => {
            const { next } = modelAfter(new Map(), changes);
            const built = await (
              await open()
            ).apply(namespace, empty, inBatches(changesOf(changes)), parameters);
            const again = await (
              await open()
            ).apply(namespace, empty, inBatches(changesOf(next), batchSize), parameters);
            expect(again).toEqual(built);
          },
        ),
        check,
      ));

    it('changes nothing when the same changes come again', () =>
      fc.assert(
        fc.asyncProperty(changeMaps, changeMaps, parameterSets, async (base, more, parameters) => {
          const store = await open();
          const from = async (tree: MetaRangeId, map: typeof base) =>
            store.apply(namespace, tree, inBatches(changesOf(map)), parameters);
          const { metaRangeId: first } = await from(empty, base);
          const { metaRangeId: second } = await from(first, more);
          const none = { addedCount: 0, changedCount: 0, removedCount: 0 };
          expect(await from(second, more)).toEqual({ metaRangeId: second, ...none });
        }),
        check,
      ));

    it('keeps the address of an object that is staged again as it was', async () => {
      const store = await open();
      const staged = (address: string) =>
        inBatches([{ path: path('a'), entry: { ...entryOf(1), address } }]);
      const base = await store.apply(namespace, empty, staged('one'), DEFAULT_RANGE_PARAMETERS);
      const { metaRangeId: id } = base;
      const again = await store.apply(namespace, id, staged('other'), DEFAULT_RANGE_PARAMETERS);
      expect(again.metaRangeId).toBe(id);
      expect(await store.get(namespace, id, path('a'))).toEqual({ ...entryOf(1), address: 'one' });
    });

    it('stores the tree of no objects for who commits nothing on nothing', async () => {
      const store = await open();
      const id = await store.storeEmpty(namespace);
      // The id that lakeFS gives it, too.
      expect(id).toBe('00fb7eff1a97c500eb3ca8d2ef5464131d6b6a5f9512e41eba97843522213b66');
      const all = { from: new Uint8Array(), limit: 1 };
      expect(await store.scan(namespace, id, all)).toEqual([]);
      const { metaRangeId } = await store.apply(namespace, id, ofA(1), DEFAULT_RANGE_PARAMETERS);
      expect(metaRangeId).not.toBe(id);
    });

    it('has a tree of no objects left, which is another than the tree before all', async () => {
      const store = await open();
      const { metaRangeId } = await store.apply(namespace, empty, ofA(1), DEFAULT_RANGE_PARAMETERS);
      const gone = await store.apply(
        namespace,
        metaRangeId,
        ofA(undefined),
        DEFAULT_RANGE_PARAMETERS,
      );
      // The id that lakeFS gives it, too.
      expect(gone.metaRangeId).toBe(
        '00fb7eff1a97c500eb3ca8d2ef5464131d6b6a5f9512e41eba97843522213b66',
      );
      expect(await store.scan(namespace, gone.metaRangeId, everything)).toEqual([]);
      expect(await store.get(namespace, gone.metaRangeId, path('a'))).toBeUndefined();
    });

    it('throws what the changes throw', async () => {
      const store = await open();
      const applied = store.apply(namespace, empty, failing(), DEFAULT_RANGE_PARAMETERS);
      await expect(applied).rejects.toThrow('staging is gone');
    });

    it('says that a tree is not there', async () => {
      const store = await open();
      const missing = 'ab'.repeat(32) as MetaRangeId;
      await expect(store.get(namespace, missing, path('a'))).rejects.toThrow(BlockNotFound);
      await expect(store.scan(namespace, missing, everything)).rejects.toThrow(BlockNotFound);
    });
  });
}
