import { everywhere, fileRule, type Finding, type Rule } from '../rule.js';
import type { SourceFile } from '../source-file.js';
import { asNode, asNodes, asText, literalText, nodesOf } from '../syntax.js';

/** Jest reads its settings from a default export; nothing else may have one. */
const NEEDS_DEFAULT = ['jest.config.js'];
const FOLDERS_BELOW_SRC_MAX = 3;
const FILE_NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*\.[jt]s$/;

export const moduleRules: readonly Rule[] = [
  fileRule('barrel', everywhere, barrels),
  fileRule('default-export', (file) => !NEEDS_DEFAULT.includes(file.path), defaultExports),
  fileRule(
    'folder-depth',
    (file) => file.path.startsWith('src/'),
    ({ path }) => {
      const folders = path.split('/').length - 2;
      return folders > FOLDERS_BELOW_SRC_MAX ? [[1, `${folders} folders below src`]] : [];
    },
  ),
  fileRule('file-name', everywhere, ({ path }) => {
    const name = path.split('/').at(-1) ?? '';
    return FILE_NAME.test(name) ? [] : [[1, `'${name}' is not in kebab-case`]];
  }),
];

/** An import names the file that holds the thing; who hands it on hides where it lives. */
function barrels(file: SourceFile): readonly Finding[] {
  const handedOn = file.imports
    .filter((one) => one.isReexport && one.from.startsWith('.'))
    .map(({ from, node }): Finding => [file.lineOf(node), `hands on what '${from}' holds`]);
  const imported = nodesOf(file.program, 'ImportDeclaration')
    // A type of a package may be handed on by the one room that uses the package.
    .filter((node) => literalText(node['source'])?.startsWith('.'))
    .flatMap((node) => asNodes(node['specifiers']))
    .map((one) => asText(asNode(one['local'])['value']));
  const inTwoSteps = nodesOf(file.program, 'ExportSpecifier')
    .filter((one) => imported.includes(asText(asNode(one['orig'])['value'])))
    .map((one): Finding => [file.lineOf(one), 'hands on what it imported']);
  return [...handedOn, ...inTwoSteps];
}

function defaultExports(file: SourceFile): readonly Finding[] {
  const direct = nodesOf(file.program, 'ExportDefaultDeclaration', 'ExportDefaultExpression');
  const renamed = nodesOf(file.program, 'ExportSpecifier').filter(
    (one) => asNode(one['exported'])['value'] === 'default',
  );
  return [...direct, ...renamed].map((node) => [file.lineOf(node), 'a default export has no name']);
}
