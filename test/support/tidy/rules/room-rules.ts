import { isBuiltin } from 'node:module';
import type { Import } from '../imports.js';
import { ADAPTERS, DRIVERS, mayImport, ROOMS } from '../rooms.js';
import { everywhere, fileRule, type Finding, type Rule } from '../rule.js';
import type { SourceFile } from '../source-file.js';
import type { Tree } from '../tree.js';

/** Tests and what they stand on: a spec beside the code may use it, the product may not. */
const TEST_TOOLS = ['support', 'contract', 'samples', 'golden'].map((name) => `test/${name}/`);

export const roomRules: readonly Rule[] = [
  fileRule(
    'unknown-room',
    (file) => file.path.startsWith('src/'),
    ({ room }) => (Object.hasOwn(ROOMS, room) ? [] : [[1, `'${room}' is no room of the table`]]),
  ),
  // Type-only imports too: a type ties two rooms as firmly as a call.
  fileRule('room-import', (file) => file.path.startsWith('src/'), roomImports),
  fileRule(
    'driver-room',
    (file) => file.isProduct,
    (file) =>
      imports(file).flatMap(([{ from }, line]) =>
        DRIVERS.filter(({ name, rooms }) => name.test(from) && !rooms.includes(file.room)).map(
          ({ rooms }): Finding => [line, `'${from}' belongs to ${rooms.join(', ')}`],
        ),
      ),
  ),
  fileRule(
    'test-tool',
    (file) => file.isProduct,
    (file, { packages }) =>
      imports(file)
        .filter(
          ([{ from }]) => !isRuntimeKnown(from, packages) && packages.dev.includes(nameOf(from)),
        )
        .map(([{ from }, line]): Finding => [line, `'${from}' is installed for tests alone`]),
  ),
  fileRule('path-alias', everywhere, pathAliases),
  fileRule('unresolved-import', (file) => file.path.endsWith('.ts'), unresolvedImports),
];

function roomImports(file: SourceFile, tree: Tree): readonly Finding[] {
  return imports(file).flatMap(([{ from }, line]): readonly Finding[] => {
    const target = tree.resolve(file, from);
    if (target === undefined || isAllowed(file, target)) return [];
    return [[line, `${file.room} may not import ${target}`]];
  });
}

function isAllowed(file: SourceFile, target: string): boolean {
  const isTestTool = TEST_TOOLS.some((folder) => target.startsWith(folder));
  if (isTestTool) return file.isSpec;
  if (!target.startsWith('src/')) return false;
  const path = target.slice('src/'.length);
  const room = target.split('/')[1] ?? '';
  // A spec drives its subject through real adapters, in memory or not.
  return (file.isSpec && ADAPTERS.includes(room)) || mayImport(file.room, path);
}

function pathAliases(file: SourceFile, { packages }: Tree): readonly Finding[] {
  const known = [...packages.runtime, ...packages.dev];
  return (
    imports(file)
      .filter(([{ from }]) => !from.startsWith('.') && !isRuntimeKnown(from, { runtime: known }))
      // Only a script may compute what it imports: in the product no rule could follow it.
      .filter(([{ from }]) => from !== '?' || file.path.startsWith('src/'))
      .map(([{ from }, line]) => [line, from === '?' ? from : `'${from}' is no dependency`])
  );
}

function unresolvedImports(file: SourceFile, tree: Tree): readonly Finding[] {
  return imports(file).flatMap(([{ from }, line]): readonly Finding[] => {
    const target = tree.resolve(file, from);
    // What is not TypeScript (a golden file, a script) is the compiler's to find.
    if (target === undefined || target.endsWith('.ts') || /^(scripts|bin|dist)\//.test(target)) {
      return [];
    }
    return /\.(js|json)$/.test(target) && !target.startsWith('src/')
      ? []
      : [[line, `'${from}' names no file of the tree`]];
  });
}

const imports = (file: SourceFile): readonly (readonly [Import, number])[] =>
  file.imports.map((one) => [one, file.lineOf(one.node)]);

/** Returns the package of `@scope/name/deep/file` and of `name/deep/file`. */
function nameOf(from: string): string {
  const [first = '', second = ''] = from.split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}

function isRuntimeKnown(from: string, packages: { readonly runtime: readonly string[] }): boolean {
  return isBuiltin(from) || packages.runtime.includes(nameOf(from));
}
