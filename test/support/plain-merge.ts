import { isSameObject } from '../../src/domain/entry-identity.js';
import type { ObjectEntry, ObjectPath } from '../../src/domain/model.js';
import {
  CONFLICT_PATHS_MAX,
  type KeySpan,
  type MergeStrategy,
  type TreeDifference,
} from '../../src/ports/committed-store.js';
import { compareBytes, compareUtf8, utf8 } from '../../src/shared/bytes.js';

export type PlainTree = ReadonlyMap<ObjectPath, ObjectEntry>;

export interface PlainTrees {
  readonly base: PlainTree;
  readonly source: PlainTree;
  readonly destination: PlainTree;
  readonly replaced?: readonly KeySpan[];
}

export type PlainMerged =
  | { readonly kind: 'merged'; readonly tree: PlainTree }
  | { readonly kind: 'conflict'; readonly paths: readonly ObjectPath[] };

type Maybe = ObjectEntry | undefined;

const isSame = (left: Maybe, right: Maybe): boolean =>
  left && right ? isSameObject(left, right) : left === right;

/** Merges trees as the rule says it, one path after another. */
export function plainMerge(trees: PlainTrees, strategy: MergeStrategy): PlainMerged {
  const { base, source, destination, replaced = [] } = trees;
  const paths = new Set([...base.keys(), ...source.keys(), ...destination.keys()]);
  const tree = new Map<ObjectPath, ObjectEntry>();
  const conflicts: ObjectPath[] = [];
  for (const path of sorted(paths)) {
    const inBase = base.get(path);
    const inSource = source.get(path);
    const inDestination = isIn(replaced, path) ? undefined : destination.get(path);
    let kept: Maybe;
    if (isSame(inSource, inDestination)) kept = inSource;
    else if (isSame(inSource, inBase)) kept = inDestination;
    else if (isSame(inDestination, inBase) || strategy === 'source-wins') kept = inSource;
    else if (strategy === 'dest-wins') kept = inDestination;
    else conflicts.push(path);
    if (kept) tree.set(path, kept);
  }
  if (conflicts.length === 0) return { kind: 'merged', tree };
  return { kind: 'conflict', paths: conflicts.slice(0, CONFLICT_PATHS_MAX) };
}

/** Returns all differences, in byte order of paths. */
export function plainDiff(left: PlainTree, right: PlainTree): TreeDifference[] {
  return sorted(new Set([...left.keys(), ...right.keys()]))
    .map((path) => ({ path, left: left.get(path), right: right.get(path) }))
    .filter((each) => !isSame(each.left, each.right));
}

const sorted = (paths: Iterable<ObjectPath>): ObjectPath[] => [...paths].sort(compareUtf8);

function isIn(spans: readonly KeySpan[], path: ObjectPath): boolean {
  const key = utf8(path);
  return spans.some(({ from, until }) => {
    return compareBytes(from, key) <= 0 && (!until || compareBytes(key, until) < 0);
  });
}
