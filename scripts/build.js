// Compiles src to dist and copies the assets that nest-cli.json names.
// `--if-stale`: only when a source is newer than the last build.
//
// Everything is built beside dist and named by a rename, so a build that is cut short leaves
// the old one as it was. Of two processes that build, the second waits and takes what it finds.
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const lock = join(root, 'dist.lock');
const WAIT_MS_MAX = 300_000;
const POLL_MS = 100;

/** The sources do not compile; the compiler has said why. */
export class BuildFailed extends Error {
  name = 'BuildFailed';
}

/** Returns whether a source, or what says how to build it, is newer than dist. */
export function isStale() {
  const builtAtMs = statSync(join(dist, '.built'), { throwIfNoEntry: false })?.mtimeMs;
  if (builtAtMs === undefined) return true;
  // Folders count too: theirs is the time when a file in them was deleted.
  const inputs = globSync(
    ['src/**/*', 'package-lock.json', 'tsconfig*.json', 'nest-cli.json', 'scripts/build.js'],
    { cwd: root },
  );
  return inputs
    .filter((file) => !file.endsWith('.spec.ts'))
    .some((file) => statSync(join(root, file)).mtimeMs > builtAtMs);
}

/** Builds when that is needed. @throws BuildFailed  and dist is as it was */
export function buildIfStale() {
  if (isStale()) withLock(() => isStale() && buildNow());
}

/** @throws BuildFailed  and dist is as it was */
export function build() {
  withLock(buildNow);
}

function buildNow() {
  const startedAt = new Date();
  const fresh = join(root, `dist.${process.pid}`);
  // We hold the lock, so whatever stands there is of a build that was killed.
  for (const left of globSync('dist.[0-9]*', { cwd: root })) {
    rmSync(join(root, left), { recursive: true, force: true });
  }
  try {
    compile(fresh);
    const { compilerOptions } = JSON.parse(readFileSync(join(root, 'nest-cli.json'), 'utf8'));
    for (const asset of globSync(compilerOptions.assets, { cwd: join(root, 'src') })) {
      cpSync(join(root, 'src', asset), join(fresh, asset));
    }
    const stamp = join(fresh, '.built');
    writeFileSync(stamp, `${startedAt.toISOString()}\n`);
    // When it began: a source that was saved meanwhile is newer.
    utimesSync(stamp, startedAt, startedAt);
    const old = `${fresh}.old`;
    mkdirSync(dist, { recursive: true });
    renameSync(dist, old);
    renameSync(fresh, dist);
    rmSync(old, { recursive: true, force: true });
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function compile(outDir) {
  const compiler = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
  const args = ['-p', 'tsconfig.build.json', '--outDir', outDir];
  const info = ['--tsBuildInfoFile', join(outDir, '.tsbuildinfo')];
  const { status, error } = spawnSync(
    process.execPath,
    [join(compiler, 'bin/tsc'), ...args, ...info],
    // What the compiler says goes where errors go: stdout belongs to the command.
    { cwd: root, stdio: ['ignore', 2, 2] },
  );
  if (status !== 0) throw new BuildFailed('the sources do not compile', { cause: error });
}

function withLock(work) {
  const own = `${lock}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    for (const until = Date.now() + WAIT_MS_MAX; !isTaken(own);) {
      if (Date.now() > until) throw new BuildFailed(`${lock} is held for too long: remove it`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
    }
  } finally {
    rmSync(own, { force: true });
  }
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function isTaken(own) {
  try {
    linkSync(own, lock);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  // A build that was killed leaves its lock; both may then take it away, and one links first.
  if (!isHeld()) rmSync(lock, { force: true });
  return false;
}

function isHeld() {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    if (process.argv.includes('--if-stale')) buildIfStale();
    else build();
  } catch (error) {
    if (!(error instanceof BuildFailed)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
