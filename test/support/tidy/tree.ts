import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { SourceFile } from './source-file.js';

const PATTERNS = ['src/**/*.ts', 'test/**/*.ts', 'scripts/**/*.js', 'bin/**/*.js', '*.js'];

/** The sources below a root, less the fixtures. */
export class Tree {
  readonly files: readonly SourceFile[];
  readonly #byPath: ReadonlyMap<string, SourceFile>;

  /** @param packages  what package.json allows to be imported */
  constructor(
    files: readonly SourceFile[],
    readonly packages: { readonly runtime: readonly string[]; readonly dev: readonly string[] },
  ) {
    this.files = files;
    this.#byPath = new Map(files.map((file) => [file.path, file]));
  }

  find(path: string): SourceFile | undefined {
    return this.#byPath.get(path);
  }

  /** Returns the path that a relative import means, with the suffix of its source. */
  resolve(file: SourceFile, from: string): string | undefined {
    if (!from.startsWith('.')) return undefined;
    const path = posix.join(posix.dirname(file.path), from);
    const source = path.replace(/\.js$/, '.ts');
    return this.#byPath.has(source) ? source : path;
  }
}

/** Reads the tree below `root`; a root with no package.json of its own has the packages given. */
export function readTree(root: string, packagesOf: string = root): Tree {
  const paths = globSync(PATTERNS, { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !path.startsWith('test/fixtures/') && !path.endsWith('.d.ts'));
  const files = paths
    .toSorted()
    .map((path) => new SourceFile(path, readFileSync(join(root, path), 'utf8')));
  return new Tree(files, packagesIn(join(packagesOf, 'package.json')));
}

function packagesIn(path: string): Tree['packages'] {
  if (!existsSync(path)) return { runtime: [], dev: [] };
  const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const names = (field: string): readonly string[] => {
    const value: unknown = (manifest as Record<string, unknown>)[field];
    return typeof value === 'object' && value !== null ? Object.keys(value) : [];
  };
  return {
    runtime: [...names('dependencies'), ...names('optionalDependencies')],
    dev: names('devDependencies'),
  };
}
