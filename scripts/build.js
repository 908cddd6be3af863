// Compiles src to dist and copies the assets that nest-cli.json names.
// `--if-stale`: only when a source is newer than the last build.
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(root, 'dist', '.built');

/** Returns whether a source, or what says how to build it, is newer than dist. */
export function isStale() {
  let builtAtMs;
  try {
    builtAtMs = statSync(stamp).mtimeMs;
  } catch {
    return true;
  }
  const inputs = globSync(['src/**/*', 'package-lock.json', 'tsconfig*.json'], { cwd: root });
  return inputs.some((file) => statSync(join(root, file)).mtimeMs > builtAtMs);
}

/** @throws Error  a type error; the compiler has printed it, and dist is as it was */
export function build() {
  const startedAt = new Date();
  // Made anew, so that nothing of a file that was deleted or renamed stays in dist.
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')));
  execFileSync(process.execPath, [join(compiler, 'bin/tsc'), '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'nest-cli.json'), 'utf8'));
  for (const asset of globSync(compilerOptions.assets, { cwd: join(root, 'src') })) {
    cpSync(join(root, 'src', asset), join(root, 'dist', asset));
  }
  writeFileSync(stamp, `${startedAt.toISOString()}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!process.argv.includes('--if-stale') || isStale()) build();
}
