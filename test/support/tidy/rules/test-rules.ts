import { fileRule, type Finding, type Rule } from '../rule.js';
import { nodesOf, pathOf, asNode } from '../syntax.js';

const FOCUSED = /^(it|test|describe)\.(.+\.)?(only|skip|todo|failing)(\.|$)/;
const SHORT = /^(fit|fdescribe|xit|xtest|xdescribe)(\.|$)/;

/** A suite that leaves tests out says less than its summary. */
export const testRules: readonly Rule[] = [
  fileRule(
    'focused-test',
    (file) => file.isTest,
    (file) =>
      nodesOf(file.program, 'CallExpression', 'TaggedTemplateExpression').flatMap(
        (node): readonly Finding[] => {
          const path = pathOf(asNode(node['callee'] ?? node['tag']));
          if (path === undefined || !(FOCUSED.test(path) || SHORT.test(path))) return [];
          return [[file.lineOf(node), path]];
        },
      ),
  ),
];
