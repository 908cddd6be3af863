import { asNode, asNodes, asText, type Node, pathOf, walk } from './syntax.js';

export interface Use {
  /** `Date.now`, `fetch`, `this.clock` is none: it begins with no name. */
  readonly path: string;
  readonly node: Node;
}

/** Below these stand types, which reach for nothing. */
const TYPES = /^Ts(TypeAnnotation|TypeQuery|TypeReference|TypeParameter.*|InterfaceDeclaration)$/;
const NAME_FIELDS = ['key', 'label', 'local', 'imported', 'orig', 'exported'];

/** Returns every name path that the file uses, of an imported name too. */
export function usesIn(program: Node): readonly Use[] {
  const uses: Use[] = [];
  walk(program, (node, field) => {
    if (node.type !== undefined && TYPES.test(node.type)) return false;
    if (node.type === 'VariableDeclarator') uses.push(...takenApart(node));
    if (NAME_FIELDS.includes(field) && node.type === 'Identifier') return false;
    if (node.type !== 'MemberExpression' && node.type !== 'Identifier') return true;
    if (field === 'property') return node.type !== 'Identifier';
    const path = pathOf(node);
    if (path !== undefined) uses.push({ path, node });
    // The whole path is one use; `a` of `a.b` is not another.
    return path === undefined;
  });
  return uses;
}

/** `const { env } = process` uses `process.env`. */
function takenApart(node: Node): readonly Use[] {
  const of = pathOf(node['init']);
  const pattern = asNode(node['id']);
  if (of === undefined || pattern.type !== 'ObjectPattern') return [];
  return asNodes(pattern['properties']).map((one) => ({
    path: `${of}.${asText(asNode(one['key'])['value'])}`,
    node: one.span ? one : node,
  }));
}
