import { everywhere, fileRule, type Rule } from '../rule.js';
import { asNode, nodesOf } from '../syntax.js';

export const typeRules: readonly Rule[] = [
  fileRule('any-type', everywhere, (file) =>
    nodesOf(file.program, 'TsKeywordType')
      .filter((node) => node['kind'] === 'any')
      .map((node) => [file.lineOf(node), 'any']),
  ),
  fileRule('as-unknown-as', everywhere, (file) =>
    nodesOf(file.program, 'TsAsExpression', 'TsTypeAssertion')
      .filter((node) => isToUnknown(unwrapped(node['expression'])))
      .map((node) => [file.lineOf(node), 'a cast by way of unknown']),
  ),
];

function isToUnknown(value: unknown): boolean {
  const node = asNode(value);
  const isCast = node.type === 'TsAsExpression' || node.type === 'TsTypeAssertion';
  const kind = asNode(node['typeAnnotation'])['kind'];
  return isCast && (kind === 'unknown' || kind === 'never');
}

function unwrapped(value: unknown): unknown {
  const node = asNode(value);
  return node.type === 'ParenthesisExpression' ? unwrapped(node['expression']) : node;
}
