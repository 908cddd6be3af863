import { importedFrom } from './import-folder.js';
import { mergeTrees, sameContent, treeDifferences, type Tree } from './plain-trees.js';
import type { Entry, RefText, Step } from './step.js';

export interface PlainCommit {
  /** Numbers of commits; the first is the branch's own. */
  readonly parents: readonly number[];
  readonly tree: Tree;
}

interface PlainBranch {
  head: number;
  /** What was written since the head; null: deleted. */
  staged: Map<string, Entry | null>;
}

/** What a step may be answered with, and what it then does. */
export interface Verdict {
  /** More than one where maps cannot say which: equal content under other addresses. */
  readonly statuses: readonly number[];
  /** Done when the answer was a success. */
  readonly effect?: () => void;
}

const refused = (...statuses: number[]): Verdict => ({ statuses });

/** Committed data as maps: what a server's answers are judged by. No file, token or id. */
export class PlainGraveler {
  readonly commits: PlainCommit[] = [{ parents: [], tree: new Map() }];
  readonly branches = new Map<string, PlainBranch>([['main', { head: 0, staged: new Map() }]]);
  readonly tags = new Map<string, number>();

  /** @param base  what a merge stands on: one of {@link bestBases} */
  judge(step: Step, base: number | undefined): Verdict {
    switch (step.do) {
      case 'stage':
        return this.#on(step.branch, ({ staged }) => {
          return { statuses: [201], effect: () => staged.set(step.path, step.entry) };
        });
      case 'unstage':
        return this.#on(step.branch, (branch) => {
          const isThere = this.shown(step.branch).has(step.path);
          return { statuses: [204], effect: () => isThere && branch.staged.set(step.path, null) };
        });
      case 'commit':
        return this.#on(step.branch, (branch) => this.#commit(branch, step.allowsEmpty));
      case 'branch':
        return this.#createBranch(step);
      case 'delete branch':
        if (step.branch === 'main') return refused(403);
        return this.#on(step.branch, () => {
          return { statuses: [204], effect: () => this.branches.delete(step.branch) };
        });
      case 'tag': {
        const commit = this.resolve(step.of);
        if (commit === undefined) return refused(404);
        if (this.tags.has(step.tag)) return refused(409);
        return { statuses: [201], effect: () => this.tags.set(step.tag, commit) };
      }
      case 'delete tag':
        if (!this.tags.has(step.tag)) return refused(404);
        return { statuses: [204], effect: () => this.tags.delete(step.tag) };
      case 'merge':
        return this.#on(step.branch, (branch) => this.#merge(step, branch, base));
      case 'revert':
        return this.#revert(step);
      case 'cherry-pick':
        return this.#cherryPick(step);
      case 'reset':
        return this.#on(step.branch, (branch) => {
          return { statuses: [204], effect: () => reset(branch, this.at(branch.head).tree, step) };
        });
      case 'hard reset':
        return this.#hardReset(step);
      case 'import':
        return this.#on(step.branch, (branch) => this.#import(step, branch));
      case 'diff':
        return this.#reads(step.left, step.right);
      case 'list':
      case 'log':
        return this.#reads(step.ref);
      case 'merge base':
        return this.#reads(step.source, step.branch);
    }
  }

  /** Returns a commit's number, or undefined of what is not there. */
  resolve(ref: RefText): number | undefined {
    const [, base = '', modifiers = ''] = /^([^~]+)((?:~\d+)*)$/.exec(ref) ?? [];
    let commit = base.startsWith('#')
      ? Number(base.slice(1))
      : (this.branches.get(base)?.head ?? this.tags.get(base));
    for (const [, count] of modifiers.matchAll(/~(\d+)/g)) {
      for (let up = 0; up < Number(count) && commit !== undefined; up++) {
        commit = this.at(commit).parents[0];
      }
    }
    return commit;
  }

  /** What a branch shows: staged over committed. */
  shown(name: string): Tree {
    const branch = this.branches.get(name);
    return branch ? this.#over(branch) : new Map();
  }

  isDirty(name: string): boolean {
    const branch = this.branches.get(name);
    return branch !== undefined && this.#isDirty(branch);
  }

  at(commit: number): PlainCommit {
    const found = this.commits[commit];
    if (!found) throw new Error(`the model has no commit ${commit}`);
    return found;
  }

  ancestors(of: number): ReadonlySet<number> {
    const found = new Set([of]);
    for (const commit of found) for (const parent of this.at(commit).parents) found.add(parent);
    return found;
  }

  /** Returns the common ancestors that are not behind another one. */
  bestBases(left: number, right: number): readonly number[] {
    const ofRight = this.ancestors(right);
    const common = [...this.ancestors(left)].filter((commit) => ofRight.has(commit));
    const behind = new Set(
      common.flatMap((commit) => [...this.ancestors(commit)].filter((older) => older !== commit)),
    );
    return common.filter((commit) => !behind.has(commit));
  }

  #on(name: string, judge: (branch: PlainBranch) => Verdict): Verdict {
    const branch = this.branches.get(name);
    return branch ? judge(branch) : refused(404);
  }

  #over({ head, staged }: PlainBranch): Tree {
    const tree = new Map(this.at(head).tree);
    for (const [path, entry] of staged) {
      if (entry === null) tree.delete(path);
      else tree.set(path, entry);
    }
    return tree;
  }

  #isDirty(branch: PlainBranch): boolean {
    return treeDifferences(this.at(branch.head).tree, this.#over(branch)).length > 0;
  }

  #add(branch: PlainBranch, commit: PlainCommit): void {
    branch.head = this.commits.push(commit) - 1;
    branch.staged = new Map();
  }

  #commit(branch: PlainBranch, allowsEmpty: boolean): Verdict {
    if (!this.#isDirty(branch) && !allowsEmpty) return refused(400);
    const before = this.at(branch.head).tree;
    // Written again with the same content, an object keeps the record that it has.
    const tree = new Map(
      [...this.#over(branch)].map(([path, entry]) => {
        const known = before.get(path);
        return [path, known && sameContent(known, entry) ? known : entry] as const;
      }),
    );
    const effect = () => this.#add(branch, { parents: [branch.head], tree });
    return { statuses: [201], effect };
  }

  #createBranch(step: Extract<Step, { do: 'branch' }>): Verdict {
    const head = this.resolve(step.from);
    if (head === undefined) return refused(404);
    if (this.branches.has(step.branch)) return refused(409);
    const effect = () => this.branches.set(step.branch, { head, staged: new Map() });
    return { statuses: [201], effect };
  }

  #merge(
    { source: ref, strategy, isSquash, allowsEmpty }: Extract<Step, { do: 'merge' }>,
    branch: PlainBranch,
    base: number | undefined,
  ): Verdict {
    if (this.#isDirty(branch)) return refused(400);
    const source = this.resolve(ref);
    if (source === undefined || base === undefined) return refused(404);
    const trees = this.#trees({ base, source, destination: branch.head });
    const parents = isSquash ? [branch.head] : [branch.head, source];
    return this.#lay({ ...trees, strategy }, { allowsEmpty, success: 200 }, branch, parents);
  }

  #revert(step: Extract<Step, { do: 'revert' }>): Verdict {
    const commit = this.resolve(step.of);
    if (commit === undefined) return refused(404);
    const { parents } = this.at(commit);
    if (parents.length > 1 && step.parent === 0) return refused(409);
    if (step.parent > parents.length) return refused(400);
    return this.#on(step.branch, (branch) => {
      if (this.#isDirty(branch)) return refused(400);
      const parent = parents[Math.max(0, step.parent - 1)];
      // A root has no parent, and its tree is as empty as what was before it.
      const source = parent ?? commit;
      const trees = this.#trees({ base: commit, source, destination: branch.head });
      const { allowsEmpty } = step;
      const verdict = this.#lay({ ...trees, strategy: '' }, { allowsEmpty, success: 204 }, branch, [
        branch.head,
      ]);
      return allowsEmpty ? verdict : this.#unlessSame(verdict, trees);
    });
  }

  /** A revert that comes to what is there already is none. */
  #unlessSame(verdict: Verdict, trees: Record<'base' | 'source' | 'destination', Tree>): Verdict {
    const tree = mergeTrees({ ...trees, strategy: '' });
    if (tree === 'conflict' || !isSameTree(tree, trees.destination)) return verdict;
    // Which it is depends on the files that the same objects lie in.
    return { ...verdict, statuses: [...verdict.statuses, 400] };
  }

  #cherryPick(step: Extract<Step, { do: 'cherry-pick' }>): Verdict {
    const commit = this.resolve(step.of);
    if (commit === undefined) return refused(404);
    const { parents } = this.at(commit);
    if (step.parent === undefined && parents.length > 1) return refused(400);
    const parent = parents[(step.parent ?? 1) - 1];
    if (parent === undefined) return refused(400);
    return this.#on(step.branch, (branch) => {
      if (this.#isDirty(branch)) return refused(400);
      const trees = this.#trees({ base: parent, source: commit, destination: branch.head });
      const success = { allowsEmpty: false, success: 201 };
      return this.#lay({ ...trees, strategy: '' }, success, branch, [branch.head]);
    });
  }

  #trees(of: Record<'base' | 'source' | 'destination', number>) {
    const { base, source, destination } = of;
    const tree = (commit: number) => this.at(commit).tree;
    return { base: tree(base), source: tree(source), destination: tree(destination) };
  }

  #lay(
    merge: Parameters<typeof mergeTrees>[0],
    { allowsEmpty, success }: { allowsEmpty: boolean; success: number },
    branch: PlainBranch,
    parents: readonly number[],
  ): Verdict {
    const tree = mergeTrees(merge);
    if (tree === 'conflict') return refused(409);
    // Equal objects may lie in other files, of which maps know nothing.
    const isNothing = !allowsEmpty && isSameTree(merge.base, merge.source);
    const statuses = isNothing ? [400, success] : [success];
    return { statuses, effect: () => this.#add(branch, { parents, tree }) };
  }

  #import({ sources }: Extract<Step, { do: 'import' }>, branch: PlainBranch): Verdict {
    if (this.#isDirty(branch)) return refused(400);
    const replaced = (path: string) =>
      sources.some(({ type, destination }) =>
        type === 'object' ? path === destination : path.startsWith(destination),
      );
    const kept = [...this.at(branch.head).tree].filter(([path]) => !replaced(path));
    const brought = sources.flatMap((source) => [...importedFrom(source)]);
    const tree = new Map([...kept, ...brought]);
    const effect = () => this.#add(branch, { parents: [branch.head], tree });
    return { statuses: [202], effect };
  }

  #hardReset(step: Extract<Step, { do: 'hard reset' }>): Verdict {
    return this.#on(step.branch, (branch) => {
      const to = this.resolve(step.to);
      // Of two faults either may be told.
      if (this.#isDirty(branch)) return to === undefined ? refused(400, 404) : refused(400);
      if (to === undefined) return refused(404);
      const effect = () => {
        branch.head = to;
        branch.staged = new Map();
      };
      return { statuses: [204], effect };
    });
  }

  #reads(...refs: readonly RefText[]): Verdict {
    return refused(refs.some((ref) => this.resolve(ref) === undefined) ? 404 : 200);
  }
}

const isSameTree = (left: Tree, right: Tree): boolean => treeDifferences(left, right).length === 0;

/** What is reset says what the head says; so it counts still where a commit's ranges are cut. */
function reset(
  branch: PlainBranch,
  head: Tree,
  { scope, path }: Extract<Step, { do: 'reset' }>,
): void {
  if (scope === 'reset') branch.staged = new Map();
  for (const staged of branch.staged.keys()) {
    const isMeant = scope === 'object' ? staged === path : staged.startsWith(path);
    if (isMeant) branch.staged.set(staged, head.get(staged) ?? null);
  }
}
