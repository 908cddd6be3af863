import { asNode, asNodes, asText, literalText, type Node, nodesOf, pathOf } from './syntax.js';

/** One place where a file names another module. */
export interface Import {
  readonly from: string;
  /** As the other module calls them; `*` for all of it, or for what cannot be told. */
  readonly names: readonly string[];
  readonly isTypeOnly: boolean;
  readonly isReexport: boolean;
  readonly node: Node;
}

const NAMING = [
  'ImportDeclaration',
  'ExportAllDeclaration',
  'ExportNamedDeclaration',
  'TsImportType',
  'TsImportEqualsDeclaration',
  'CallExpression',
];

/** Returns every import: static, dynamic, type-only, `import('…').T`, require, handed on. */
export function importsOf(program: Node): readonly Import[] {
  return nodesOf(program, ...NAMING).flatMap((node) => importOf(node) ?? []);
}

function importOf(node: Node): Import | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
      return importDeclaration(node);
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      return reexport(node);
    case 'TsImportType':
      return typeOnly(literalText(node['argument']), node);
    case 'TsImportEqualsDeclaration':
      return whole(literalText(asNode(node['moduleRef'])['expression']), node);
    case 'CallExpression':
      return call(node);
    default:
      return undefined;
  }
}

function importDeclaration(node: Node): Import {
  const specifiers = asNodes(node['specifiers']);
  const names = specifiers.map((one) =>
    one.type === 'ImportSpecifier'
      ? asText(asNode(one['imported'] ?? one['local'])['value'])
      : one.type === 'ImportDefaultSpecifier'
        ? 'default'
        : '*',
  );
  return {
    from: literalText(node['source']) ?? '',
    names,
    isTypeOnly:
      node['typeOnly'] === true ||
      (specifiers.length > 0 && specifiers.every((one) => one['isTypeOnly'] === true)),
    isReexport: false,
    node,
  };
}

function reexport(node: Node): Import | undefined {
  const from = literalText(node['source']);
  if (from === undefined) return undefined;
  const isTypeOnly = node['typeOnly'] === true;
  return { from, names: ['*'], isTypeOnly, isReexport: true, node };
}

function call(node: Node): Import | undefined {
  const callee = asNode(node['callee']);
  const argument = asNodes(node['arguments'])[0]?.['expression'];
  if (callee.type === 'Import') return whole(literalText(argument) ?? '?', node);
  const name = pathOf(callee);
  if (name !== 'require' && name !== 'process.getBuiltinModule') return undefined;
  return whole(literalText(argument) ?? '?', node);
}

const whole = (from: string | undefined, node: Node): Import | undefined =>
  from === undefined
    ? undefined
    : { from, names: ['*'], isTypeOnly: false, isReexport: false, node };

const typeOnly = (from: string | undefined, node: Node): Import | undefined =>
  from === undefined
    ? undefined
    : { from, names: ['*'], isTypeOnly: true, isReexport: false, node };
