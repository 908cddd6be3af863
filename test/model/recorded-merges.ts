import { BlockCommittedStore } from '../../src/committed/block-committed-store.js';
import type {
  MetaRangeId,
  ObjectEntry,
  ObjectPath,
  StorageNamespace,
} from '../../src/domain/model.js';
import {
  DEFAULT_RANGE_PARAMETERS,
  type MergeStrategy,
  type StagedChange,
} from '../../src/ports/committed-store.js';
import { compareUtf8 } from '../../src/shared/bytes.js';
import { inBatches } from '../support/staged-samples.js';
import { plainMerge } from '../support/plain-merge.js';

/** A content, and the place where its bytes lie; null deletes. */
export type RecordedChange = readonly [path: string, of: readonly [number, number] | null];

/** Commits one after another, each of changes in order of paths. */
export type RecordedCommits = readonly (readonly RecordedChange[])[];

export interface MergeHistory {
  readonly base: RecordedCommits;
  readonly source: RecordedCommits;
  readonly destination: RecordedCommits;
  readonly strategy: MergeStrategy;
}

/** Ids of trees, by name; of the merge, `undefined` when it is a conflict. */
export interface MergeOutcome {
  readonly base: string;
  readonly source: string;
  readonly destination: string;
  readonly merged: string | null;
  /** From destination to source: `+path`, `-path`, `~path`. */
  readonly differences: readonly string[];
}

export interface RecordedMerge {
  readonly history: MergeHistory;
  readonly outcome: MergeOutcome;
}

/** A history of `count` objects, of which each side changes, adds and deletes some. */
export function largeHistory(count: number): MergeHistory {
  const at = (n: number, of: readonly [number, number] | null): RecordedChange => {
    return [`path/to/obj-${String(n).padStart(8, '0')}`, of];
  };
  const some = (step: number, first: number, change: (n: number) => RecordedChange) =>
    Array.from({ length: Math.ceil((count - first) / step) }, (_, n) => change(first + n * step));
  return {
    base: [some(2, 0, (n) => at(n, [1 + (n % 50), 1]))],
    source: [
      some(194, 4, (n) => at(n, [100 + (n % 7), 2])),
      [...some(602, 7, (n) => at(n, [3, 2])), ...some(1004, 100, (n) => at(n, null))],
    ],
    destination: [some(178, 22, (n) => at(n, [200 + (n % 9), 3]))],
    strategy: 'source-wins',
  };
}

export const stagedAs = ([content, place]: readonly [number, number]) => ({
  physical_address: `local:///tmp/elsewhere/${content}-${place}`,
  checksum: `checksum-${content}`,
  size_bytes: content,
  mtime: 1_700_000_000 + place,
  content_type: 'text/plain',
});

function changeOf([path, of]: RecordedChange): StagedChange {
  if (!of) return { path: path as ObjectPath, entry: undefined };
  const { physical_address: address, checksum, size_bytes: sizeBytes, mtime } = stagedAs(of);
  const entry = {
    address,
    addressType: 'full' as const,
    checksum,
    sizeBytes,
    modifiedAtMs: mtime * 1000,
    contentType: 'text/plain',
    metadata: [],
  };
  return { path: path as ObjectPath, entry };
}

/** Returns what a merge must hold, as `path=content`, by the rule for one path; or undefined. */
export function ruledMerge(of: MergeHistory): string[] | undefined {
  const after = (tree: ReadonlyMap<ObjectPath, ObjectEntry>, commits: RecordedCommits) => {
    const next = new Map(tree);
    for (const { path, entry } of commits.flat().map(changeOf)) {
      if (entry) next.set(path, entry);
      else next.delete(path);
    }
    return next;
  };
  const base = after(new Map(), of.base);
  const trees = { base, source: after(base, of.source), destination: after(base, of.destination) };
  const merged = plainMerge(trees, of.strategy);
  if (merged.kind === 'conflict') return undefined;
  return [...merged.tree].map(([path, { checksum }]) => `${path}=${checksum}`);
}

/** Plays a history on a store of this program. */
export async function playMerge(
  store: BlockCommittedStore,
  namespace: StorageNamespace,
  { base, source, destination, strategy }: MergeHistory,
): Promise<MergeOutcome> {
  const built = async (from: string, commits: RecordedCommits) => {
    let tree = from as MetaRangeId;
    const staged = new Map<string, RecordedChange>();
    for (const changes of commits) {
      for (const change of changes) staged.set(change[0], change);
      const sorted = [...staged.values()].sort(([a], [b]) => compareUtf8(a, b)).map(changeOf);
      const parameters = DEFAULT_RANGE_PARAMETERS;
      const after = await store.apply(namespace, tree, inBatches(sorted, 500), parameters);
      // Where nothing differs lakeFS keeps what is staged, and the next commit takes it along.
      if (after.metaRangeId !== tree) staged.clear();
      tree = after.metaRangeId;
    }
    return tree;
  };
  const first = await built('', base);
  const trees = {
    base: first,
    source: await built(first, source),
    destination: await built(first, destination),
  };
  const merged = await store.merge(namespace, trees, {
    strategy,
    parameters: DEFAULT_RANGE_PARAMETERS,
  });
  const all = { from: new Uint8Array(), limit: 10_000 };
  const differences = await store.diff(namespace, trees.destination, trees.source, all);
  return {
    ...trees,
    merged: merged.kind === 'merged' ? merged.metaRangeId : null,
    differences: differences.map(({ path, left, right }) => {
      return `${left && right ? '~' : right ? '+' : '-'}${path}`;
    }),
  };
}
