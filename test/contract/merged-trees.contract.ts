import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { MetaRangeId, ObjectPath, StorageNamespace } from '../../src/domain/model.js';
import {
  CONFLICT_PATHS_MAX,
  DEFAULT_RANGE_PARAMETERS,
  type CommittedStore,
  type KeySpan,
  type MergeStrategy,
  type RangeParameters,
} from '../../src/ports/committed-store.js';
import { BlockNotFound } from '../../src/ports/store-errors.js';
import { compareUtf8, utf8 } from '../../src/shared/bytes.js';
import { plainDiff, plainMerge, type PlainTree } from '../support/plain-merge.js';
import { seed } from '../support/seed.js';
import { changeMaps, changesOf, entryOf, inBatches, paths } from '../support/staged-samples.js';

const namespace = 'mem://merges' as StorageNamespace;
const empty = '' as MetaRangeId;
const path = (text: string) => text as ObjectPath;
const everything = { from: new Uint8Array(), limit: 10_000 };
const byDefault = { strategy: 'default', parameters: DEFAULT_RANGE_PARAMETERS } as const;

/** The usual ones, and some that cut trees of a few objects into many ranges. */
export const cuttingParameters: fc.Arbitrary<RangeParameters> = fc.constantFrom(
  DEFAULT_RANGE_PARAMETERS,
  { rangeBytesMin: 0, rangeBytesMax: 20 * 1024 * 1024, raggednessEntries: 7 },
  { rangeBytesMin: 0, rangeBytesMax: 1500, raggednessEntries: 10 },
  { rangeBytesMin: 900, rangeBytesMax: 4000, raggednessEntries: 3 },
);
const strategies: fc.Arbitrary<MergeStrategy> = fc.constantFrom(
  'default',
  'source-wins',
  'dest-wins',
);
const spans: fc.Arbitrary<KeySpan> = fc
  .tuple(paths, fc.option(paths))
  .map(([from, until]) =>
    until === null ? { from: utf8(from) } : { from: utf8(from), until: utf8(until) },
  );

type Changes = ReadonlyMap<string, number | undefined>;

/** Trees in a store, and the same as maps. */
class Trees {
  constructor(private readonly store: CommittedStore) {}

  async on(
    base: { id: MetaRangeId; tree: PlainTree },
    changes: Changes,
    parameters: RangeParameters = DEFAULT_RANGE_PARAMETERS,
  ): Promise<{ id: MetaRangeId; tree: PlainTree }> {
    const batches = inBatches(changesOf(changes));
    const { metaRangeId } = await this.store.apply(namespace, base.id, batches, parameters);
    const tree = new Map(base.tree);
    for (const [key, version] of changes) {
      if (version === undefined) tree.delete(path(key));
      else tree.set(path(key), entryOf(version));
    }
    return { id: metaRangeId, tree };
  }

  of(versions: { readonly [path: string]: number | undefined }) {
    return this.on(nothing, new Map(Object.entries(versions)));
  }

  async content(id: MetaRangeId): Promise<PlainTree> {
    const objects = await this.store.scan(namespace, id, everything);
    return new Map(objects.map((object) => [object.path, object.entry]));
  }
}

const nothing = { id: empty, tree: new Map() as PlainTree };
const inOrder = (tree: PlainTree) => [...tree].sort(([a], [b]) => compareUtf8(a, b));

/** What diff, merge and ranges of every CommittedStore do; a part of its contract. */
export function mergedTreesContract(name: string, open: () => Promise<CommittedStore>): void {
  const check = { seed, numRuns: 60 };

  describe(`${name}, comparing and merging trees (SEED=${seed})`, () => {
    it('finds where two trees differ, and nothing else', () =>
      fc.assert(
        fc.asyncProperty(
          fc.tuple(changeMaps, changeMaps, changeMaps),
          cuttingParameters,
          cuttingParameters,
          async ([shared, ofLeft, ofRight], parameters, others) => {
            const store = await open();
            const trees = new Trees(store);
            const base = await trees.on(nothing, shared, parameters);
            const left = await trees.on(base, ofLeft, parameters);
            const right = await trees.on(base, ofRight, others);
            const found = await store.diff(namespace, left.id, right.id, everything);
            expect(found).toEqual(plainDiff(left.tree, right.tree));
          },
        ),
        check,
      ));

    it('compares from a path on, until another, at most so many', () =>
      fc.assert(
        fc.asyncProperty(
          fc.tuple(changeMaps, changeMaps),
          cuttingParameters,
          fc.record({ from: paths, until: fc.option(paths), limit: fc.nat(20) }),
          async ([shared, changes], parameters, { from, until, limit }) => {
            const store = await open();
            const trees = new Trees(store);
            const left = await trees.on(nothing, shared, parameters);
            const right = await trees.on(left, changes, parameters);
            const wanted = plainDiff(left.tree, right.tree).filter(
              ({ path: at }) =>
                compareUtf8(at, from) >= 0 && (until === null || compareUtf8(at, until) < 0),
            );
            const span = { from: utf8(from), ...(until === null ? {} : { until: utf8(until) }) };
            expect(await store.diff(namespace, left.id, right.id, { ...span, limit })).toEqual(
              wanted.slice(0, limit),
            );
          },
        ),
        check,
      ));

    it('merges as the rule says, however the trees are cut', () =>
      fc.assert(
        fc.asyncProperty(
          fc.tuple(changeMaps, changeMaps, changeMaps),
          fc.tuple(cuttingParameters, cuttingParameters, cuttingParameters),
          strategies,
          fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(spans, { maxLength: 3 })),
          async ([shared, theirs, ours], [first, second, parameters], strategy, replaced) => {
            const store = await open();
            const trees = new Trees(store);
            const base = await trees.on(nothing, shared, first);
            const source = await trees.on(base, theirs, first);
            const destination = await trees.on(base, ours, second);
            const ids = { base: base.id, source: source.id, destination: destination.id };
            const options = { strategy, parameters };
            const result = await store.merge(namespace, { ...ids, replaced }, options);
            const wanted = plainMerge(
              { base: base.tree, source: source.tree, destination: destination.tree, replaced },
              strategy,
            );
            if (wanted.kind === 'conflict' || result.kind === 'conflict') {
              expect(result).toEqual(wanted);
              return;
            }
            const merged = await trees.content(result.metaRangeId);
            expect([...merged]).toEqual(inOrder(wanted.tree));
            const again = await store.merge(namespace, { ...ids, replaced }, options);
            expect(again).toEqual(result);
          },
        ),
        check,
      ));

    it('gives the other side where one side is the base', async () => {
      const store = await open();
      const trees = new Trees(store);
      const base = (await trees.of({ a: 1 })).id;
      const other = (await trees.of({ a: 2, b: 1 })).id;
      const changed = { base, source: other, destination: base };
      expect(await store.merge(namespace, changed, byDefault)).toEqual({
        kind: 'merged',
        metaRangeId: other,
      });
      const unchanged = { base, source: base, destination: other };
      expect(await store.merge(namespace, unchanged, byDefault)).toEqual({
        kind: 'merged',
        metaRangeId: other,
      });
    });

    it('names the first paths in conflict, and no more of them than are read', async () => {
      const store = await open();
      const trees = new Trees(store);
      const all = (version: number) =>
        trees.of(
          Object.fromEntries(
            Array.from({ length: 250 }, (_, n) => [String(n).padStart(3, '0'), version]),
          ),
        );
      const [base, source, destination] = [await all(1), await all(2), await all(3)];
      const ids = { base: base.id, source: source.id, destination: destination.id };
      const result = await store.merge(namespace, ids, byDefault);
      const first = Array.from({ length: CONFLICT_PATHS_MAX }, (_, n) =>
        String(n).padStart(3, '0'),
      );
      expect(result).toEqual({ kind: 'conflict', paths: first });
    });

    it('keeps the source’s record of an object that both sides have alike', async () => {
      const store = await open();
      const at = async (address: string) => {
        const staged = inBatches([{ path: path('a'), entry: { ...entryOf(1), address } }]);
        return (await store.apply(namespace, empty, staged, DEFAULT_RANGE_PARAMETERS)).metaRangeId;
      };
      const trees = { base: empty, source: await at('theirs'), destination: await at('ours') };
      const result = await store.merge(namespace, trees, byDefault);
      const id = result.kind === 'merged' ? result.metaRangeId : empty;
      expect(await store.get(namespace, id, path('a'))).toMatchObject({ address: 'theirs' });
      expect(await store.diff(namespace, trees.source, trees.destination, everything)).toEqual([]);
    });

    // lakeFS 1.84 compares with the base's next object by content alone, and loses y.
    it.each([
      { was: 'copied', theirs: { p: 1, y: 2, z: 2 }, ours: { p: 1 }, wanted: ['p', 'y'] },
      { was: 'renamed', theirs: { p: 1, y: 2 }, ours: { a: 3, p: 1 }, wanted: ['a', 'p', 'y'] },
    ])(
      'keeps an object that was $was from one behind the other side’s end',
      async ({ theirs, ours, wanted }) => {
        const store = await open();
        const trees = new Trees(store);
        const base = (await trees.of({ p: 1, z: 2 })).id;
        const source = (await trees.of(theirs)).id;
        const destination = (await trees.of(ours)).id;
        const result = await store.merge(namespace, { base, source, destination }, byDefault);
        expect(result.kind).toBe('merged');
        const id = result.kind === 'merged' ? result.metaRangeId : empty;
        expect([...(await trees.content(id)).keys()]).toEqual(wanted);
      },
    );

    // There one side wins without a word: its content is that of the base's next object.
    it('finds a conflict of two added objects, though one is a copy of another', async () => {
      const store = await open();
      const trees = new Trees(store);
      const base = (await trees.of({ a: 9, z: 1 })).id;
      const source = (await trees.of({ a: 9, k: 1, z: 1 })).id;
      const destination = (await trees.of({ a: 9, k: 2, z: 1 })).id;
      const wanted = { kind: 'conflict', paths: ['k'] };
      const merged = await store.merge(namespace, { base, source, destination }, byDefault);
      expect(merged).toEqual(wanted);
      const back = { base, source: destination, destination: source };
      expect(await store.merge(namespace, back, byDefault)).toEqual(wanted);
    });

    // There an import keeps what it replaces in a range that lies behind all that it brings.
    it('replaces what counts as absent, wherever ranges end', async () => {
      const store = await open();
      const trees = new Trees(store);
      const source = (await trees.of({ 'p/0': 1 })).id;
      const destination = (await trees.of({ 'p/1': 2, z: 3 })).id;
      const replaced = [{ from: utf8('p/'), until: utf8('p0') }];
      const of = { base: empty, source, destination, replaced };
      const result = await store.merge(namespace, of, byDefault);
      const id = result.kind === 'merged' ? result.metaRangeId : empty;
      expect([...(await trees.content(id)).keys()]).toEqual(['p/0', 'z']);
    });

    it('is the source itself where all of the destination makes way, however it was cut', () =>
      fc.assert(
        fc.asyncProperty(
          fc.tuple(changeMaps, changeMaps),
          fc.tuple(cuttingParameters, cuttingParameters),
          async ([theirs, ours], [first, second]) => {
            const store = await open();
            const trees = new Trees(store);
            const { id } = await trees.on(nothing, theirs, first);
            const source = id === empty ? await store.storeEmpty(namespace) : id;
            const { id: destination } = await trees.on(nothing, ours, second);
            const replaced = [{ from: new Uint8Array() }];
            const merged = { base: empty, source, destination, replaced };
            const wanted = { kind: 'merged', metaRangeId: source };
            expect(await store.merge(namespace, merged, byDefault)).toEqual(wanted);
          },
        ),
        check,
      ));

    it('lists the ranges of a tree, which hold all its objects', () =>
      fc.assert(
        fc.asyncProperty(changeMaps, cuttingParameters, async (changes, parameters) => {
          const store = await open();
          const { id, tree } = await new Trees(store).on(nothing, changes, parameters);
          const ranges = await store.ranges(namespace, id);
          const keys = inOrder(tree).map(([key]) => Buffer.from(key));
          expect(ranges.reduce((sum, { count }) => sum + count, 0)).toBe(keys.length);
          let at = 0;
          for (const { minKey, maxKey, count } of ranges) {
            expect(Buffer.from(minKey)).toEqual(keys[at]);
            expect(Buffer.from(maxKey)).toEqual(keys[at + count - 1]);
            at += count;
          }
        }),
        check,
      ));

    it('says that a tree is not there', async () => {
      const store = await open();
      const missing = 'ab'.repeat(32) as MetaRangeId;
      const { id } = await new Trees(store).of({ a: 1 });
      const merged = store.merge(
        namespace,
        { base: empty, source: missing, destination: id },
        byDefault,
      );
      await expect(merged).rejects.toThrow(BlockNotFound);
      await expect(store.diff(namespace, id, missing, everything)).rejects.toThrow(BlockNotFound);
      await expect(store.ranges(namespace, missing)).rejects.toThrow(BlockNotFound);
    });
  });
}
