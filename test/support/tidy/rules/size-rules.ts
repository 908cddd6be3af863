import { everywhere, fileRule, type Finding, type Rule } from '../rule.js';
import type { SourceFile } from '../source-file.js';
import { asNode, type Node, nodesOf, walk } from '../syntax.js';

export const FILE_LINES_MAX = 500;
export const FUNCTION_LINES_MAX = 70;
export const PARAMETERS_MAX = 4;
export const COLUMNS_MAX = 100;

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
  // Constructors that Nest fills are no exception: five dependencies are two classes.
  fileRule('parameters', everywhere, (file) =>
    nodesOf(file.program, ...WITH_BODY, ...SIGNATURES).flatMap((node): readonly Finding[] => {
      const parameters = node['params'] ?? asNode(node['function'])['params'];
      const count = Array.isArray(parameters) ? parameters.length : 0;
      return count > PARAMETERS_MAX ? [[file.lineOf(node), `${count} parameters`]] : [];
    }),
  ),
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
