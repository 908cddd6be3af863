import { isSameObject } from '../domain/entry-identity.js';
import type { MetaRangeId, ObjectEntry, ObjectPath, StorageNamespace } from '../domain/model.js';
import type { CommittedStore, TreeDifference } from '../ports/committed-store.js';
import { compareUtf8 } from '../shared/bytes.js';

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
