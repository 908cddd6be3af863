import type { Step } from './histories.js';

type Tree = ReadonlyMap<string, string>;

interface PlainCommit {
  readonly parent: number | undefined;
  readonly tree: Tree;
}

interface PlainBranch {
  head: number;
  /** What is written and not committed; undefined: deleted. */
  readonly staged: Map<string, string | undefined>;
}

/** What a step must be answered with: done, or refused with this code. */
export type Answer = 'done' | string;

/** Everything that the service promises, as maps: no tokens, no intents, no files. */
export class PlainModel {
  readonly #commits: PlainCommit[] = [{ parent: undefined, tree: new Map() }];
  readonly branches = new Map<string, PlainBranch>([['main', { head: 0, staged: new Map() }]]);
  readonly tags = new Map<string, number>();

  take(step: Step): Answer {
    switch (step.do) {
      case 'upload':
        return this.#stage(step.branch, step.path, step.body);
      case 'delete':
        return this.#stage(step.branch, step.path, undefined);
      case 'commit':
        return this.#commit(step.branch, step.allowsEmpty);
      case 'branch':
        return this.#createBranch(step.branch, step.from);
      case 'delete branch':
        if (step.branch === 'main') return 'default_branch';
        return this.branches.delete(step.branch) ? 'done' : 'branch_not_found';
      case 'tag': {
        const commit = this.#resolve(step.ref);
        if (typeof commit === 'string') return commit;
        if (this.tags.has(step.tag)) return 'tag_exists';
        this.tags.set(step.tag, commit);
        return 'done';
      }
      case 'delete tag':
        return this.tags.delete(step.tag) ? 'done' : 'tag_not_found';
    }
  }

  /** What a branch shows: staged over committed. */
  shown(branch: string): Tree {
    const { head, staged } = this.#branch(branch);
    const tree = new Map(this.#tree(head));
    for (const [path, body] of staged) {
      if (body === undefined) tree.delete(path);
      else tree.set(path, body);
    }
    return tree;
  }

  committed(branch: string): Tree {
    return this.#tree(this.#branch(branch).head);
  }

  tagged(tag: string): Tree {
    return this.#tree(this.tags.get(tag) ?? 0);
  }

  /** What is shown and not committed, by path. */
  differences(branch: string): ReadonlyMap<string, 'added' | 'removed' | 'changed'> {
    const shown = this.shown(branch);
    const committed = this.committed(branch);
    const found = new Map<string, 'added' | 'removed' | 'changed'>();
    for (const [path, body] of shown) {
      if (!committed.has(path)) found.set(path, 'added');
      else if (committed.get(path) !== body) found.set(path, 'changed');
    }
    for (const path of committed.keys()) if (!shown.has(path)) found.set(path, 'removed');
    return found;
  }

  /** Commits from a branch's head to the root. */
  depth(branch: string): number {
    let depth = 1;
    for (let at = this.#at(this.#branch(branch).head); at.parent !== undefined; depth++) {
      at = this.#at(at.parent);
    }
    return depth;
  }

  #stage(name: string, path: string, body: string | undefined): Answer {
    const branch = this.branches.get(name);
    if (!branch) return 'branch_not_found';
    // A delete of what is not there writes nothing.
    if (body !== undefined || this.shown(name).has(path)) branch.staged.set(path, body);
    return 'done';
  }

  #commit(name: string, allowsEmpty: boolean): Answer {
    const branch = this.branches.get(name);
    if (!branch) return 'branch_not_found';
    if (this.differences(name).size === 0 && !allowsEmpty) return 'no_changes';
    this.#commits.push({ parent: branch.head, tree: this.shown(name) });
    branch.head = this.#commits.length - 1;
    branch.staged.clear();
    return 'done';
  }

  #createBranch(name: string, from: string): Answer {
    const commit = this.#resolve(from);
    if (commit === 'ref_not_found') return 'source_not_found';
    if (typeof commit === 'string') return commit;
    if (this.branches.has(name)) return 'branch_exists';
    this.branches.set(name, { head: commit, staged: new Map() });
    return 'done';
  }

  #resolve(ref: string): number | string {
    const [, base = '', step, count] = /^([^~^@]+)([~^@]?)(\d*)$/.exec(ref) ?? [];
    const branch = this.branches.get(base);
    let commit = branch ? branch.head : this.tags.get(base);
    if (commit === undefined) return 'ref_not_found';
    if (step === '' || step === '@') return commit;
    for (let up = 0; up < Number(count || 1); up++) {
      const { parent } = this.#at(commit);
      if (parent === undefined) return step === '~' ? 'ref_not_found' : 'ref_invalid';
      commit = parent;
    }
    return commit;
  }

  #branch(name: string): PlainBranch {
    const branch = this.branches.get(name);
    if (!branch) throw new Error(`the model has no branch ${name}`);
    return branch;
  }

  #tree(commit: number): Tree {
    return this.#at(commit).tree;
  }

  #at(commit: number): PlainCommit {
    const found = this.#commits[commit];
    if (!found) throw new Error(`the model has no commit ${commit}`);
    return found;
  }
}
