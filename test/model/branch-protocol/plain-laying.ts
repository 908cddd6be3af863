import type { IntentRequest } from '../../../src/domain/branch/branch.events.js';
import type { CommitId, CommitRecord, ObjectPath } from '../../../src/domain/model.js';
import type { Content } from './content.js';
import { must, Violation } from './violation.js';

/** What comes of laying a tree over a head: contents, or the paths in conflict. */
export type Laid =
  | { readonly kind: 'content'; readonly content: Content }
  | { readonly kind: 'conflict'; readonly paths: readonly ObjectPath[] };

export interface History {
  commitOf(id: CommitId): CommitRecord;
  contentOf(commit: CommitRecord): Content;
}

/** Returns what a wish makes of a head, by the text of the protocol. */
export function layOver(head: CommitRecord, wish: IntentRequest['wish'], history: History): Laid {
  const { commitOf, contentOf } = history;
  const destination = contentOf(head);
  const ofParent = ({ parents }: CommitRecord, number: number): Content => {
    const parent = parents[Math.max(number, 1) - 1];
    return parent ? contentOf(commitOf(parent)) : new Map();
  };
  switch (wish.kind) {
    case 'merge': {
      const source = commitOf(wish.source);
      const base = contentOf(bestCommon(head, source, history));
      return threeWays({ base, source: contentOf(source), destination }, wish.strategy);
    }
    case 'revert': {
      const commit = commitOf(wish.commit);
      const source = ofParent(commit, wish.parentNumber);
      return threeWays({ base: contentOf(commit), source, destination }, 'default');
    }
    case 'cherry-pick': {
      const commit = commitOf(wish.commit);
      const base = ofParent(commit, wish.parentNumber);
      return threeWays({ base, source: contentOf(commit), destination }, 'default');
    }
    case 'import': {
      const { source, replaced } = wish;
      const content = new Map(destination);
      for (const path of destination.keys()) {
        const isIn = replaced.some((each) =>
          each.kind === 'prefix' ? path.startsWith(each.prefix) : path === each.path,
        );
        if (isIn) content.delete(path);
      }
      for (const [path, value] of contentOf({ ...head, metaRangeId: source })) {
        content.set(path, value);
      }
      return { kind: 'content', content };
    }
    default:
      throw new Violation(`${wish.kind} lays nothing over a head`);
  }
}

function threeWays(
  { base, source, destination }: Readonly<Record<'base' | 'source' | 'destination', Content>>,
  strategy: string,
): Laid {
  const content = new Map<ObjectPath, string>();
  const paths: ObjectPath[] = [];
  for (const path of new Set([...base.keys(), ...source.keys(), ...destination.keys()])) {
    const [was, theirs, ours] = [base.get(path), source.get(path), destination.get(path)];
    const isOurs = theirs === was || (theirs !== ours && ours !== was && strategy === 'dest-wins');
    const isConflict = theirs !== was && theirs !== ours && ours !== was && strategy === 'default';
    if (isConflict) paths.push(path);
    const value = isOurs ? ours : theirs;
    if (value !== undefined) content.set(path, value);
  }
  return paths.length > 0
    ? { kind: 'conflict', paths: paths.sort() }
    : { kind: 'content', content };
}

/** The one common ancestor that no other descends from: histories here are that simple. */
function bestCommon(one: CommitRecord, other: CommitRecord, { commitOf }: History): CommitRecord {
  const ancestors = (of: CommitRecord): Set<CommitId> => {
    const found = new Set([of.id]);
    for (const id of found) for (const parent of commitOf(id).parents) found.add(parent);
    return found;
  };
  const theirs = ancestors(other);
  const common = [...ancestors(one)].filter((id) => theirs.has(id));
  const best = common.filter((id) =>
    common.every((it) => it === id || !ancestors(commitOf(it)).has(id)),
  );
  const [base] = best;
  must(base && best.length === 1, `${best.length} common ancestors are best`);
  return commitOf(base);
}
