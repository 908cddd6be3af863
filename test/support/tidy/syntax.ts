import { parseSync } from '@swc/core';

/** A node of the syntax tree, as plain data. Offsets count UTF-8 bytes, the first byte is 1. */
export interface Node {
  readonly type?: string;
  readonly span?: { readonly start: number; readonly end: number };
  readonly [field: string]: unknown;
}

/** @throws Error  the text does not parse */
export function parse(text: string, path: string): Node {
  const syntax = path.endsWith('.ts')
    ? ({ syntax: 'typescript', decorators: true } as const)
    : ({ syntax: 'ecmascript' } as const);
  const tree: unknown = parseSync(text, { ...syntax, target: 'es2024' });
  return tree as Node;
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Visit = (node: Node, field: string) => boolean | void;

/** Calls `visit` for every node, parents first; below a node where it answers false, for none. */
export function walk(root: Node, visit: Visit): void {
  descend(root, '', visit);
}

// By hand and in place: every rule walks every file.
function descend(node: Node, field: string, visit: Visit): void {
  if (visit(node, field) === false) return;
  for (const below in node) {
    const value = node[below];
    if (below === 'span' || typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) value.forEach((one) => isNode(one) && descend(one, below, visit));
    else descend(value as Node, below, visit);
  }
}

const indexes = new WeakMap<Node, ReadonlyMap<string, readonly Node[]>>();

/** Returns every node of these types below `root`, itself included. */
export function nodesOf(root: Node, ...types: readonly string[]): readonly Node[] {
  const index = indexes.get(root) ?? indexOf(root);
  // A file is asked by every rule, a part of one by a single rule.
  if (root.type === 'Module') indexes.set(root, index);
  return types.flatMap((type) => index.get(type) ?? []);
}

function indexOf(root: Node): ReadonlyMap<string, readonly Node[]> {
  const index = new Map<string, Node[]>();
  walk(root, (node) => {
    if (node.type === undefined) return;
    const known = index.get(node.type);
    if (known) known.push(node);
    else index.set(node.type, [node]);
  });
  return index;
}

export const asNode = (value: unknown): Node => (isNode(value) ? value : {});
export const asNodes = (value: unknown): readonly Node[] =>
  Array.isArray(value) ? value.filter(isNode) : [];
export const asText = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Returns the text of a string literal, or of a template without holes; undefined for all else. */
export function literalText(value: unknown): string | undefined {
  const node = asNode(value);
  if (node.type === 'StringLiteral') return asText(node['value']);
  const quasis = asNodes(node['quasis']);
  if (node.type === 'TemplateLiteral' && quasis.length === 1) return asText(quasis[0]?.['cooked']);
  return undefined;
}

const THROUGH = [
  'OptionalChainingExpression',
  'ParenthesisExpression',
  'TsNonNullExpression',
  'TsAsExpression',
];

/** Returns `a.b.c` for `a.b.c`, `a?.b['c']` and `(a!).b.c`; undefined when it begins otherwise. */
export function pathOf(value: unknown): string | undefined {
  const node = asNode(value);
  if (node.type === 'Identifier') return asText(node['value']);
  if (node.type !== undefined && THROUGH.includes(node.type)) {
    return pathOf(node['base'] ?? node['expression']);
  }
  if (node.type !== 'MemberExpression') return undefined;
  const object = pathOf(node['object']);
  const property = asNode(node['property']);
  const name =
    property.type === 'Computed' ? literalText(property['expression']) : asText(property['value']);
  return object === undefined || name === undefined ? undefined : `${object}.${name}`;
}
