import type { SourceFile } from './source-file.js';
import { asNode, asNodes, asText, type Node, nodesOf } from './syntax.js';
import type { Use } from './uses.js';

const known = new WeakMap<SourceFile, readonly Use[]>();

/**
 * Returns every use of a global: what the file neither declares nor imports itself. Its path is
 * without a `globalThis.` before it.
 */
export function globalsIn(file: SourceFile): readonly Use[] {
  const before = known.get(file);
  if (before) return before;
  const own = new Set(declaredIn(file.program));
  const found = file.uses
    .map(({ path, node }) => ({ path: path.replace(/^(globalThis|global|window)\./, ''), node }))
    .filter(({ path }) => !own.has(path.split('.')[0] ?? ''));
  known.set(file, found);
  return found;
}

function declaredIn(program: Node): readonly string[] {
  const imported = nodesOf(program, 'ImportDeclaration').flatMap((node) =>
    asNodes(node['specifiers']).map((one) => asNode(one['local'])),
  );
  const bound = nodesOf(program, 'VariableDeclaration')
    .filter((node) => node['declare'] !== true)
    .flatMap((node) => asNodes(node['declarations']).map((one) => asNode(one['id'])));
  const named = nodesOf(program, 'FunctionDeclaration', 'ClassDeclaration').map((node) =>
    asNode(node['identifier']),
  );
  const parameters = nodesOf(program, 'Parameter', 'TsParameterProperty').map((node) =>
    asNode(node['pat'] ?? node['param']),
  );
  const arrow = nodesOf(program, 'ArrowFunctionExpression').flatMap((node) =>
    asNodes(node['params']),
  );
  return [...imported, ...bound, ...named, ...parameters, ...arrow].flatMap(boundNames);
}

/** Returns the names that a pattern binds: `a`, `{ a, b: c }`, `[d = 1]`, `...e`. */
function boundNames(pattern: Node): readonly string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [asText(pattern['value'])];
    case 'ObjectPattern':
      return asNodes(pattern['properties']).flatMap(boundNames);
    case 'ArrayPattern':
      return asNodes(pattern['elements']).flatMap(boundNames);
    case 'AssignmentPatternProperty':
      return boundNames(asNode(pattern['key']));
    case 'KeyValuePatternProperty':
      return boundNames(asNode(pattern['value']));
    case 'AssignmentPattern':
      return boundNames(asNode(pattern['left']));
    case 'RestElement':
      return boundNames(asNode(pattern['argument']));
    default:
      return [];
  }
}
