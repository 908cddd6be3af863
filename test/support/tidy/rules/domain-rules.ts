import { fileRule, type Finding, type Rule } from '../rule.js';
import type { SourceFile } from '../source-file.js';
import { asNode, isNode, type Node, nodesOf, pathOf, walk } from '../syntax.js';

const isDomain = (file: SourceFile): boolean => file.isProduct && file.room === 'domain';

export const domainRules: readonly Rule[] = [
  fileRule('domain-async', isDomain, (file) => {
    const found: Finding[] = [];
    walk(file.program, (node) => {
      const isAsync = node['async'] === true || node['await'] === true || isAwait(node.type);
      const isPromise = node.type === 'Identifier' && node['value'] === 'Promise';
      if (isAsync || isPromise) found.push([file.lineOf(node), isAsync ? 'async' : 'Promise']);
    });
    return found;
  }),
  // With no default, or one that takes a `never`, a new type does not compile until it is met.
  fileRule('domain-default-case', isDomain, (file) =>
    nodesOf(file.program, 'SwitchStatement')
      .filter((node) => pathOf(node['discriminant'])?.endsWith('.type'))
      .flatMap((node) => (Array.isArray(node['cases']) ? node['cases'].map(asNode) : []))
      .filter((one) => !isNode(one['test']) && !endsUnreachable(one))
      .map((one) => [file.lineOf(one), 'default: hides a type that was forgotten']),
  ),
];

const isAwait = (type: string | undefined): boolean =>
  type === 'AwaitExpression' || type === 'TsAwaitExpression';

const endsUnreachable = (node: Node): boolean =>
  nodesOf(node, 'CallExpression').some((call) => pathOf(call['callee']) === 'unreachable');
