import type { PlainGraveler } from './plain-graveler.js';
import { folded, listed, mergeDifferences, treeDifferences } from './plain-trees.js';
import { branchOf, type Step } from './step.js';

/** What a server must show of a step, by the maps. */
export interface Expected {
  readonly statuses: readonly number[];
  readonly isBody?: (body: unknown) => boolean;
  /** What a body should have been, for who reads of a difference. */
  readonly body?: string;
  readonly branch?: {
    readonly head: number;
    readonly parents: readonly number[];
    readonly objects: readonly {
      readonly path: string;
      readonly checksum: string;
      readonly metadata: Readonly<Record<string, string>>;
    }[];
    readonly uncommitted: readonly string[];
  };
}

/** Returns what a step must have come to; the model has taken it already. */
export function expectedOf(
  step: Step,
  model: PlainGraveler,
  statuses: readonly number[],
): Expected {
  const branch = branchShown(branchOf(step), model);
  const isRead = statuses.includes(200) && step.do !== 'merge';
  const body = isRead ? readOf(step, model) : undefined;
  return { statuses, ...(branch && { branch }), ...body };
}

function branchShown(name: string | undefined, model: PlainGraveler): Expected['branch'] {
  const branch = name === undefined ? undefined : model.branches.get(name);
  if (name === undefined || !branch) return undefined;
  const { parents, tree } = model.at(branch.head);
  const shown = model.shown(name);
  const objects = [...shown]
    .map(([path, { checksum, metadata }]) => ({ path, checksum, metadata }))
    .toSorted((left, right) => (left.path < right.path ? -1 : 1));
  const uncommitted = treeDifferences(tree, shown).map(({ type, path }) => `${type} ${path}`);
  return { head: branch.head, parents, objects, uncommitted };
}

function readOf(step: Step, model: PlainGraveler): Pick<Expected, 'isBody' | 'body'> {
  const commit = (ref: string) => model.resolve(ref) ?? 0;
  switch (step.do) {
    case 'diff':
      return diffOf(step, model);
    case 'list': {
      const isBranch = model.branches.has(step.ref);
      const tree = isBranch ? model.shown(step.ref) : model.at(commit(step.ref)).tree;
      return equals(listed(tree, step));
    }
    case 'log': {
      if (!step.isFirstParent) {
        // Commits of one second stand in the order of ids, which no two servers share.
        const all = [...model.ancestors(commit(step.ref))].toSorted((a, b) => a - b);
        const isBody = (body: unknown) =>
          JSON.stringify((body as number[]).toSorted((a, b) => a - b)) === JSON.stringify(all);
        return { isBody, body: `in any order ${all}` };
      }
      const line: number[] = [];
      let at: number | undefined = commit(step.ref);
      for (; at !== undefined; at = model.at(at).parents[0]) line.push(at);
      return equals(line);
    }
    case 'merge base': {
      const best = model.bestBases(commit(step.source), commit(step.branch));
      return { isBody: (body) => best.includes(body as number), body: `one of ${best}` };
    }
    default:
      return {};
  }
}

function diffOf(
  step: Extract<Step, { do: 'diff' }>,
  model: PlainGraveler,
): Pick<Expected, 'isBody' | 'body'> {
  const [left, right] = [model.resolve(step.left) ?? 0, model.resolve(step.right) ?? 0];
  const trees = [model.at(left).tree, model.at(right).tree] as const;
  const said = (differences: ReturnType<typeof treeDifferences>) =>
    folded(differences, step).map(({ type, path }) => `${type} ${path}`);
  if (step.type === 'two_dot') return equals(said(treeDifferences(...trees)));
  // Of several best bases a server may take any.
  const answers = model
    .bestBases(left, right)
    .map((base) => JSON.stringify(said(mergeDifferences(model.at(base).tree, ...trees))));
  return {
    isBody: (body) => answers.includes(JSON.stringify(body)),
    body: `one of ${answers.join(' and ')}`,
  };
}

const equals = (answer: unknown): Pick<Expected, 'isBody' | 'body'> => ({
  isBody: (body) => JSON.stringify(body) === JSON.stringify(answer),
  body: JSON.stringify(answer),
});
