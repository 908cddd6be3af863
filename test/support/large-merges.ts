import * as fc from 'fast-check';
import type { BlockCommittedStore } from '../../src/committed/block-committed-store.js';
import { mergeInline, MergeWriter, type MergeJob } from '../../src/committed/merge-writer.js';
import { buildMetaRange } from '../../src/committed/metarange-writer.js';
import { TableCursor } from '../../src/committed/table-cursor.js';
import { threeWayMerge } from '../../src/committed/three-way-merge.js';
import type { MetaRangeId, StorageNamespace } from '../../src/domain/model.js';
import type { MergeStrategy, RangeParameters } from '../../src/ports/committed-store.js';
import { changesOf, inBatches } from './staged-samples.js';
import { wideParameters } from './tree-histories.js';

type Places = readonly (readonly [place: number, change: number])[];

/** A base of many objects, and what two sides do to a few places of it. */
export interface LargeMerge {
  readonly count: number;
  readonly parameters: RangeParameters;
  readonly source: Places;
  readonly destination: Places;
  readonly strategy: MergeStrategy;
}

export function largeMerges(countMin: number, countMax: number): fc.Arbitrary<LargeMerge> {
  const places = fc.array(fc.tuple(fc.nat(countMax * 2), fc.nat(3)), { maxLength: 60 });
  return fc.record({
    count: fc.integer({ min: countMin, max: countMax }),
    parameters: wideParameters,
    source: places,
    destination: places,
    strategy: fc.constantFrom('source-wins', 'dest-wins', 'default'),
  });
}

// Every second place is taken at first. Change 0 deletes.
const pathOf = (place: number) => `some/folder/name-${String(place).padStart(6, '0')}/part`;
const firstVersion = (place: number) => 1 + (place % 97);

export interface MergedTrees {
  readonly base: MetaRangeId;
  readonly source: MetaRangeId;
  readonly destination: MetaRangeId;
}

/** Stores the trees of a merge. */
export async function storeTrees(
  store: BlockCommittedStore,
  namespace: StorageNamespace,
  { count, parameters, source, destination }: LargeMerge,
): Promise<MergedTrees> {
  const first = new Map<string, number | undefined>();
  for (let n = 0; n < count; n++) first.set(pathOf(n * 2), firstVersion(n * 2));
  const build = async (from: string, map: ReadonlyMap<string, number | undefined>) => {
    const batches = inBatches(changesOf(map), 500);
    return (await store.apply(namespace, from as MetaRangeId, batches, parameters)).metaRangeId;
  };
  const after = (places: Places) =>
    new Map(places.map(([place, change]) => [pathOf(place), change === 0 ? undefined : change]));
  const base = await build('', first);
  return {
    base,
    source: await build(base, after(source)),
    destination: await build(base, after(destination)),
  };
}

/** Writes records one by one, and takes no block whole. */
class PlainMergeWriter extends MergeWriter {
  override block(): undefined {
    return undefined;
  }
}

/** Merges as `mergeInline` does, with no block taken whole. @returns the tree's id */
export async function plainlyMerged(job: MergeJob): Promise<string | undefined> {
  const writer = new PlainMergeWriter(job.parameters, () => {});
  const steps = threeWayMerge(job.input, writer);
  for (let step = steps.next(undefined); !step.done;) {
    step = steps.next(step.value && new TableCursor(await job.fileOf(step.value)));
  }
  return idOf(writer.finish());
}

/** @returns the id of the merged tree; undefined when there are conflicts */
export const inlineMerged = async (job: MergeJob) => idOf(await mergeInline(job));

async function idOf({ ranges, conflicts }: Awaited<ReturnType<typeof mergeInline>>) {
  return conflicts.length > 0 ? undefined : (await buildMetaRange(ranges)).id;
}
