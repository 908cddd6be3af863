/** What a plain map says of a branch: paths and texts. */
export interface PlainBranch {
  head: ReadonlyMap<string, string>;
  /** Null: deleted. */
  staged: Map<string, string | null>;
  commitId: string;
}

/** What a branch showed at some moment. */
export interface Shown {
  readonly all: readonly (readonly [path: string, text: string])[];
  readonly committed: readonly (readonly [path: string, text: string])[];
  readonly changes: readonly (readonly [path: string, change: 'added' | 'changed' | 'removed'])[];
  readonly commitId: string;
}

/** Branches as maps; what a merge or a revert comes to is told from outside. */
export class PastModel {
  readonly branches = new Map<string, PlainBranch>();
  readonly commits = new Map<string, ReadonlyMap<string, string>>();

  branch(name: string): PlainBranch {
    const branch = this.branches.get(name);
    if (!branch) throw new Error(`the model has no ${name}`);
    return branch;
  }

  /** A head is somewhere else, and nothing is staged any more. */
  moved(name: string, commitId: string, head: ReadonlyMap<string, string>): void {
    this.commits.set(commitId, head);
    this.branches.set(name, { head, staged: new Map(), commitId });
  }

  reset(name: string, isGone: (path: string) => boolean): void {
    const { staged } = this.branch(name);
    for (const path of staged.keys()) if (isGone(path)) staged.delete(path);
  }

  all(name: string): ReadonlyMap<string, string> {
    const { head, staged } = this.branch(name);
    const all = new Map(head);
    for (const [path, text] of staged) {
      if (text === null) all.delete(path);
      else all.set(path, text);
    }
    return all;
  }

  /** Undefined: there is no such branch. */
  shown(name: string): Shown | undefined {
    const branch = this.branches.get(name);
    if (!branch) return undefined;
    const { head, staged, commitId } = branch;
    const changes: [string, 'added' | 'changed' | 'removed'][] = [];
    for (const [path, text] of staged) {
      const before = head.get(path);
      if (text === null) {
        if (before !== undefined) changes.push([path, 'removed']);
      } else if (before !== text) {
        changes.push([path, before === undefined ? 'added' : 'changed']);
      }
    }
    return {
      all: sorted(this.all(name)),
      committed: sorted(head),
      changes: changes.toSorted(([left], [right]) => (left < right ? -1 : 1)),
      commitId,
    };
  }
}

/** Paths of the tests are ASCII. */
export const sorted = (map: ReadonlyMap<string, string>): readonly (readonly [string, string])[] =>
  [...map].toSorted(([left], [right]) => (left < right ? -1 : 1));
