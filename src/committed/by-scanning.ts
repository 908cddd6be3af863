import { isSameObject } from '../domain/entry-identity.js';
import type { MetaRangeId, ObjectEntry, ObjectPath, StorageNamespace } from '../domain/model.js';
import {
  CONFLICT_PATHS_MAX,
  type CommittedStore,
  type MergeResult,
  type MergeStrategy,
  type MergeTrees,
  type RangeParameters,
  type StagedChange,
  type TreeDifference,
} from '../ports/committed-store.js';
import { compareBytes, compareUtf8, utf8 } from '../shared/bytes.js';

type Maybe = ObjectEntry | undefined;
type Tree = ReadonlyMap<ObjectPath, ObjectEntry>;

const isSame = (left: Maybe, right: Maybe): boolean =>
  left && right ? isSameObject(left, right) : left === right;

async function treeOf(
  store: CommittedStore,
  namespace: StorageNamespace,
  id: MetaRangeId,
  span: { from: Uint8Array; until?: Uint8Array },
): Promise<Tree> {
  const limit = Number.MAX_SAFE_INTEGER;
  const objects = await store.scan(namespace, id, { ...span, limit });
  return new Map(objects.map(({ path, entry }) => [path, entry]));
}

/** Compares trees object by object. */
export async function diffByScanning(
  store: CommittedStore,
  namespace: StorageNamespace,
  [left, right]: readonly [MetaRangeId, MetaRangeId],
  { limit, ...span }: { from: Uint8Array; until?: Uint8Array; limit: number },
): Promise<readonly TreeDifference[]> {
  const lefts = await treeOf(store, namespace, left, span);
  const rights = await treeOf(store, namespace, right, span);
  return [...new Set([...lefts.keys(), ...rights.keys()])]
    .sort(compareUtf8)
    .map((path) => ({ path, left: lefts.get(path), right: rights.get(path) }))
    .filter((each) => !isSame(each.left, each.right))
    .slice(0, limit);
}

/** Merges trees object by object. */
export async function mergeByScanning(
  store: CommittedStore,
  namespace: StorageNamespace,
  { base, source, destination, replaced = [] }: MergeTrees,
  { strategy, parameters }: { strategy: MergeStrategy; parameters: RangeParameters },
): Promise<MergeResult> {
  const all = { from: new Uint8Array() };
  const bases = await treeOf(store, namespace, base, all);
  const sources = await treeOf(store, namespace, source, all);
  const stored = await treeOf(store, namespace, destination, all);
  const isReplaced = (path: ObjectPath): boolean =>
    replaced.some(({ from, until }) => {
      const key = utf8(path);
      return compareBytes(from, key) <= 0 && (!until || compareBytes(key, until) < 0);
    });
  const changes: StagedChange[] = [];
  const paths: ObjectPath[] = [];
  for (const path of new Set([...bases.keys(), ...sources.keys(), ...stored.keys()])) {
    const before = bases.get(path);
    const theirs = sources.get(path);
    const ours = isReplaced(path) ? undefined : stored.get(path);
    if (isSame(theirs, ours)) changes.push({ path, entry: theirs });
    else if (isSame(theirs, before)) changes.push({ path, entry: ours });
    else if (isSame(ours, before) || strategy === 'source-wins') {
      changes.push({ path, entry: theirs });
    } else if (strategy === 'default') paths.push(path);
  }
  if (paths.length > 0) {
    return { kind: 'conflict', paths: paths.sort(compareUtf8).slice(0, CONFLICT_PATHS_MAX) };
  }
  changes.sort((a, b) => compareUtf8(a.path, b.path));
  const once = (async function* () {
    yield changes;
  })();
  const { metaRangeId } = await store.apply(namespace, destination, once, parameters);
  return { kind: 'merged', metaRangeId };
}
