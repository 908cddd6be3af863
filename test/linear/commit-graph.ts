import type { Entries, Strategy } from './operations.js';

interface Made {
  readonly parents: readonly string[];
  readonly tree: Entries;
}

/** What an import lays over a branch. */
export interface Imported {
  readonly rows: Entries;
  /** Whether what stands there goes, unless there is a row for it. */
  isReplaced(path: string): boolean;
}

export type MergedTree =
  | { readonly is: 'tree'; readonly tree: Entries }
  | { readonly is: 'conflict' }
  | { readonly is: 'no_merge_base' };

/** Commits with what they must hold, worked out from the events that led to them. */
export class CommitGraph {
  readonly #made = new Map<string, Made>();

  add(id: string, parents: readonly string[], tree: Entries): void {
    this.#made.set(id, { parents, tree });
  }

  tree(id: string): Entries | undefined {
    return this.#made.get(id)?.tree;
  }

  /**
   * Returns what a merge gives. Branches of these histories are merged one way only, so the best
   * common ancestor is the first of the source's that is one of the destination's too.
   */
  merge(source: string, destination: string, strategy: Strategy): MergedTree {
    const below = this.#ancestors(destination);
    const base = [...this.#ancestors(source)].find((commit) => below.has(commit));
    if (base === undefined) return { is: 'no_merge_base' };
    return this.#laid([base, source, destination], strategy);
  }

  /** Returns what a commit gives on a branch that did not have it yet, or without it again. */
  moved(of: string, destination: string, what: 'brought' | 'taken back'): MergedTree {
    const parent = this.#made.get(of)?.parents[0] ?? '';
    const [base, source] = what === 'brought' ? [parent, of] : [of, parent];
    return this.#laid([base, source, destination], 'default');
  }

  /** Returns what an import gives on a branch. */
  imported({ rows, isReplaced }: Imported, destination: string): MergedTree {
    const left = [...(this.tree(destination) ?? [])].filter(([path]) => !isReplaced(path));
    return { is: 'tree', tree: new Map([...left, ...rows]) };
  }

  /** Three trees: the base, what is laid on it, and what it is laid on. */
  #laid(of: readonly [string, string, string], strategy: Strategy): MergedTree {
    const [b, s, d] = of.map((id) => this.tree(id) ?? new Map<string, string>());
    const tree = new Map<string, string>();
    for (const path of new Set([...(s?.keys() ?? []), ...(d?.keys() ?? [])])) {
      const [inBase, inSource, inDestination] = [b?.get(path), s?.get(path), d?.get(path)];
      let kept: string | undefined;
      if (inSource === inDestination || inDestination === inBase) kept = inSource;
      else if (inSource === inBase || strategy === 'dest-wins') kept = inDestination;
      else if (strategy === 'source-wins') kept = inSource;
      else return { is: 'conflict' };
      if (kept !== undefined) tree.set(path, kept);
    }
    return { is: 'tree', tree };
  }

  /** In the order of a walk from a commit: nearest first. */
  #ancestors(id: string): ReadonlySet<string> {
    const seen = new Set([id]);
    for (const commit of seen)
      for (const parent of this.#made.get(commit)?.parents ?? []) seen.add(parent);
    return seen;
  }
}
