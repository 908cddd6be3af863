import { everywhere, fileRule, type Finding, type Rule } from '../rule.js';
import type { SourceFile } from '../source-file.js';
import { asNode, asNodes, type Node, nodesOf, walk } from '../syntax.js';

export const FILE_LINES_MAX = 500;
export const FUNCTION_LINES_MAX = 70;
export const PARAMETERS_MAX = 4;
export const COLUMNS_MAX = 100;
/** What is injected is told apart by its type, and no person writes the call. */
export const DEPENDENCIES_MAX = 7;

const WITH_BODY = [
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'Constructor',
  'ClassMethod',
  'PrivateMethod',
  'MethodProperty',
  'GetterProperty',
  'SetterProperty',
];
const SIGNATURES = [
  'TsMethodSignature',
  'TsFunctionType',
  'TsCallSignatureDeclaration',
  'TsConstructSignatureDeclaration',
  'TsConstructorType',
];

export const sizeRules: readonly Rule[] = [
  fileRule('file-lines', everywhere, ({ lines }) =>
    lines.length > FILE_LINES_MAX ? [[FILE_LINES_MAX + 1, `${lines.length} lines`]] : [],
  ),
  fileRule('function-lines', everywhere, (file) =>
    nodesOf(file.program, ...WITH_BODY).flatMap((node): readonly Finding[] => {
      const count = file.isTest ? ownLines(file, node) : lineCount(file, node);
      return count > FUNCTION_LINES_MAX ? [[file.lineOf(node), `${count} lines`]] : [];
    }),
  ),
  fileRule('parameters', everywhere, parameters),
  fileRule('columns', everywhere, ({ lines }) =>
    lines.flatMap((line, at): readonly Finding[] => {
      const columns = [...line].length;
      return columns > COLUMNS_MAX ? [[at + 1, `${columns} columns`]] : [];
    }),
  ),
];

const lineCount = (file: SourceFile, node: Node): number =>
  file.lastLineOf(node) - file.lineOf(node) + 1;

/** A `describe` is a list of tests, so in a test what lies in inner functions counts there. */
function ownLines(file: SourceFile, node: Node): number {
  let inner = 0;
  walk(node, (below) => {
    if (below === node || !WITH_BODY.includes(below.type ?? '')) return true;
    inner += lineCount(file, below) - 1;
    return false;
  });
  return lineCount(file, node) - inner;
}

function parameters(file: SourceFile): readonly Finding[] {
  const factories = nodesOf(file.program, 'KeyValueProperty')
    .filter((node) => asNode(node['key'])['value'] === 'useFactory')
    .map((node) => node['value']);
  return nodesOf(file.program, ...WITH_BODY, ...SIGNATURES).flatMap((node): readonly Finding[] => {
    const types = asNodes(node['params'] ?? asNode(node['function'])['params']).flatMap((one) =>
      typesOf(file, one),
    );
    const isInjected = node.type === 'Constructor' || factories.includes(node);
    const areApart = new Set(types).size === types.length;
    const max = isInjected && areApart ? DEPENDENCIES_MAX : PARAMETERS_MAX;
    return types.length > max ? [[file.lineOf(node), `${types.length} parameters`]] : [];
  });
}

/** Returns a parameter's type as it is written; of a rest that is a tuple, each of its types. */
function typesOf(file: SourceFile, parameter: Node): readonly string[] {
  const inner = asNode(parameter['pat'] ?? parameter['param'] ?? parameter);
  const pattern = inner.type === 'AssignmentPattern' ? asNode(inner['left']) : inner;
  const type = asNode(asNode(pattern['typeAnnotation'])['typeAnnotation']);
  if (pattern.type === 'RestElement' && type.type === 'TsTupleType') {
    return asNodes(type['elemTypes']).map((one) => file.textOf(one));
  }
  return [type.type === undefined ? '' : file.textOf(type)];
}
