import * as fc from 'fast-check';
import { expect } from '@jest/globals';
import { BlockCommittedStore } from '../../src/committed/block-committed-store.js';
import { buildMetaRange } from '../../src/committed/metarange-writer.js';
import type { MetaRangeId, StorageNamespace } from '../../src/domain/model.js';
import { DEFAULT_RANGE_PARAMETERS, type RangeParameters } from '../../src/ports/committed-store.js';
import { plainCommit, type PlainRange } from './plain-commit.js';
import { changesOf, inBatches } from './staged-samples.js';

/** Some that cut thousands of objects into several ranges of many blocks. */
export const wideParameters: fc.Arbitrary<RangeParameters> = fc.constantFrom(
  DEFAULT_RANGE_PARAMETERS,
  { rangeBytesMin: 0, rangeBytesMax: 20 * 1024 * 1024, raggednessEntries: 300 },
  { rangeBytesMin: 0, rangeBytesMax: 20_000, raggednessEntries: 50_000 },
  { rangeBytesMin: 0, rangeBytesMax: 60_000, raggednessEntries: 50_000 },
  { rangeBytesMin: 30_000, rangeBytesMax: 120_000, raggednessEntries: 100 },
);

interface History {
  /** Objects of the first commit. */
  readonly count: number;
  readonly parameters: RangeParameters;
  /** What each later commit does to which objects, those that are not there yet among them. */
  readonly commits: readonly (readonly (readonly [place: number, change: number])[])[];
}

/** A first commit of many objects, and others that touch a few places of it. */
export const histories = (countMax: number): fc.Arbitrary<History> =>
  fc.record({
    count: fc.integer({ min: 0, max: countMax }),
    parameters: wideParameters,
    commits: fc.array(
      fc.array(fc.tuple(fc.integer({ min: 0, max: countMax * 2 }), fc.nat(5)), { maxLength: 30 }),
      { maxLength: 3 },
    ),
  });

// Every second place is taken at first. Change 0 deletes; 1 is the first commit's own version.
const pathOf = (place: number) => `some/folder/name-${String(place).padStart(6, '0')}/part`;

/** Runs a history on a store and by the book, and expects the same trees. */
export async function expectPlainTrees(
  store: BlockCommittedStore,
  namespace: StorageNamespace,
  { count, parameters, commits }: History,
): Promise<void> {
  const first = new Map<string, number | undefined>();
  for (let n = 0; n < count; n++) first.set(pathOf(n * 2), 1 + (n % 97) * 1000);
  const later = commits.map((changes) => {
    const pairs = changes.map(([place, change]) => {
      const own = 1 + ((place / 2) % 97) * 1000;
      return [pathOf(place), change === 0 ? undefined : Math.floor(own) + change - 1] as const;
    });
    return new Map(pairs);
  });
  let tree = '' as MetaRangeId;
  let plain: PlainRange[] = [];
  for (const map of [first, ...later]) {
    const changes = changesOf(map);
    const result = await store.apply(namespace, tree, inBatches(changes, 500), parameters);
    const { metaRangeId, addedCount, changedCount, removedCount } = result;
    plain = plainCommit(plain, changes, parameters);
    const { id } = await buildMetaRange(plain.map(({ range }) => range));
    const isSame = addedCount + changedCount + removedCount === 0;
    expect(metaRangeId).toBe(isSame ? tree : id);
    if (isSame) return;
    tree = metaRangeId;
  }
}
