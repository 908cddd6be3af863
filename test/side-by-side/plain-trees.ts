import type { Entry, Strategy } from './step.js';

export type Tree = ReadonlyMap<string, Entry>;

export interface PlainDifference {
  readonly path: string;
  readonly type: 'added' | 'changed' | 'removed' | 'conflict' | 'prefix_changed';
}

/** What an object is, wherever its bytes are and whenever they came. */
const contentOf = ({ checksum, sizeBytes, contentType, metadata }: Entry): string =>
  JSON.stringify([checksum, sizeBytes, contentType, Object.entries(metadata).toSorted()]);

export const sameContent = (left: Entry, right: Entry): boolean =>
  left === right || contentOf(left) === contentOf(right);

const isSame = (left: Entry | undefined, right: Entry | undefined): boolean =>
  left === undefined || right === undefined ? left === right : sameContent(left, right);

const pathsOf = (...trees: readonly Tree[]): readonly string[] =>
  [...new Set(trees.flatMap((tree) => [...tree.keys()]))].toSorted();

/** What leads from one tree to another, by path. */
export function treeDifferences(left: Tree, right: Tree): readonly PlainDifference[] {
  return pathsOf(left, right).flatMap((path): PlainDifference[] => {
    const [before, after] = [left.get(path), right.get(path)];
    if (isSame(before, after)) return [];
    if (before === undefined) return [{ path, type: 'added' }];
    return [{ path, type: after === undefined ? 'removed' : 'changed' }];
  });
}

/** What a merge of the right tree into the left one would do, a conflict included. */
export function mergeDifferences(base: Tree, left: Tree, right: Tree): readonly PlainDifference[] {
  return treeDifferences(left, right).flatMap((difference) => {
    const { path } = difference;
    if (isSame(base.get(path), right.get(path))) return [];
    if (isSame(base.get(path), left.get(path))) return [difference];
    return [{ path, type: 'conflict' as const }];
  });
}

/** Lays what a source changed since the base over a destination, key by key. */
export function mergeTrees(merge: {
  readonly base: Tree;
  readonly source: Tree;
  readonly destination: Tree;
  readonly strategy: Strategy;
}): Tree | 'conflict' {
  const { base, source, destination, strategy } = merge;
  const merged = new Map<string, Entry>();
  for (const path of pathsOf(source, destination)) {
    const [ours, theirs] = [destination.get(path), source.get(path)];
    const before = base.get(path);
    let taken: Entry | undefined;
    if (isSame(ours, theirs) || isSame(ours, before)) taken = theirs;
    else if (isSame(theirs, before)) taken = ours;
    else if (strategy === '') return 'conflict';
    else taken = strategy === 'source-wins' ? theirs : ours;
    if (taken) merged.set(path, taken);
  }
  return merged;
}

/** Folds what lies below a delimiter into one line. */
export function folded(
  differences: readonly PlainDifference[],
  { prefix, delimiter }: { prefix: string; delimiter: '' | '/' },
): readonly PlainDifference[] {
  const found = new Map<string, PlainDifference>();
  for (const difference of differences) {
    if (!difference.path.startsWith(prefix)) continue;
    const at = delimiter === '' ? -1 : difference.path.indexOf(delimiter, prefix.length);
    const path = at < 0 ? difference.path : difference.path.slice(0, at + 1);
    found.set(path, at < 0 ? difference : { path, type: 'prefix_changed' });
  }
  return [...found.values()];
}

/** Returns a page of a listing, and whether more follows. */
export function listed(
  tree: Tree,
  of: { prefix: string; delimiter: '' | '/'; after: string; amount: number },
): { readonly paths: readonly string[]; readonly hasMore: boolean } {
  const { prefix, delimiter, after, amount } = of;
  const fold = (path: string): string => {
    const at = delimiter === '' ? -1 : path.indexOf(delimiter, prefix.length);
    return at < 0 ? path : path.slice(0, at + 1);
  };
  const paths = pathsOf(tree)
    .filter((path) => path.startsWith(prefix) && path > after)
    .map(fold)
    // Behind a folded prefix comes what is behind all of it.
    .filter((path) => path !== after);
  const found = [...new Set(paths)];
  return { paths: found.slice(0, amount), hasMore: found.length > amount };
}
