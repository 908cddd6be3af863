import type { Breach, Rule } from '../rule.js';

/** Files that import each other in a circle, type-only imports included. */
export const cycleRule: Rule = {
  name: 'import-cycle',
  check(tree) {
    const graph = new Map(
      tree.files.map((file) => [
        file.path,
        file.imports.flatMap(({ from }) => tree.resolve(file, from) ?? []),
      ]),
    );
    return circlesIn(graph).map((circle): Breach => {
      const [first = ''] = circle;
      const what = [...circle, first].join(' → ');
      return { rule: 'import-cycle', file: first, line: 1, what };
    });
  },
};

type Graph = ReadonlyMap<string, readonly string[]>;

/** Returns one circle for each place where a walk in depth comes back to a file on its way. */
function circlesIn(graph: Graph): readonly (readonly string[])[] {
  const done = new Set<string>();
  const circles = new Map<string, readonly string[]>();
  for (const start of graph.keys()) descend(graph, start, { done, way: [], circles });
  return [...circles.values()];
}

interface Walk {
  readonly done: Set<string>;
  readonly way: string[];
  readonly circles: Map<string, readonly string[]>;
}

function descend(graph: Graph, file: string, walk: Walk): void {
  const at = walk.way.indexOf(file);
  if (at >= 0) {
    // The same circle is met from several sides: it is told once, from its first name on.
    const circle = fromSmallest(walk.way.slice(at));
    walk.circles.set(circle.join(), circle);
    return;
  }
  if (walk.done.has(file)) return;
  walk.way.push(file);
  for (const next of graph.get(file) ?? []) descend(graph, next, walk);
  walk.way.pop();
  walk.done.add(file);
}

function fromSmallest(circle: readonly string[]): readonly string[] {
  const at = circle.indexOf(circle.toSorted()[0] ?? '');
  return [...circle.slice(at), ...circle.slice(0, at)];
}
