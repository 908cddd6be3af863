import { commitIdOf } from '../../../src/domain/commit/commit-id.js';
import type {
  CommitRecord,
  MetaRangeId,
  ObjectEntry,
  ObjectPath,
} from '../../../src/domain/model.js';
import { NOW_MS, root } from '../../support/samples/repository.samples.js';

type Values = Readonly<Record<string, string>>;

/** What the sources of merges hold, each made on the one before it. */
const HELD: readonly Values[] = [
  { a: 'from-0' },
  { a: 'from-0', m: 'from-1' },
  { b: 'from-2', m: 'from-1' },
];

/** Commits that stand beside the branch: what is merged into it, picked, and moved to. */
export const sources: readonly CommitRecord[] = HELD.reduce<CommitRecord[]>(
  (before, _held, index) => [...before, commitOf(index, before.at(-1) ?? root)],
  [],
);

/** Their trees by name. */
export const sourceTrees: ReadonlyMap<MetaRangeId, ReadonlyMap<ObjectPath, ObjectEntry>> = new Map(
  HELD.map((held, index) => [treeOf(index), entriesOf(held)]),
);

function commitOf(index: number, parent: CommitRecord): CommitRecord {
  const commit = {
    committer: 'bob',
    message: `source ${index}`,
    metaRangeId: treeOf(index),
    createdAtMs: NOW_MS,
    parents: [parent.id],
    metadata: [],
    generation: parent.generation + 1,
    version: 1,
  };
  return { id: commitIdOf(commit), ...commit };
}

function treeOf(index: number): MetaRangeId {
  return `50${index}`.padEnd(64, '0') as MetaRangeId;
}

function entriesOf(held: Values): ReadonlyMap<ObjectPath, ObjectEntry> {
  return new Map(
    Object.entries(held).map(([path, value]) => [path as ObjectPath, entryOfValue(value)]),
  );
}

/** An object as `StageObject` writes it, so that equal values are equal objects. */
export function entryOfValue(value: string): ObjectEntry {
  return {
    address: `s3://elsewhere/${value}`,
    addressType: 'full',
    checksum: value,
    sizeBytes: 1,
    modifiedAtMs: NOW_MS,
    contentType: 'application/octet-stream',
    metadata: [],
  };
}

/** A merge that no conflict stops. */
export const mergeOfSource = {
  kind: 'merge',
  ref: sources[0]?.id ?? '',
  strategy: 'source-wins',
  isSquash: false,
} as const;
