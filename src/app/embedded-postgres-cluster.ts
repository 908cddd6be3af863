import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { giveTo, type Runnable } from './embedded-postgres-user.js';
import { StartError } from './start-error.js';

export const SUPERUSER = 'moraine';
const INITDB_MS_MAX = 120_000;

/**
 * Makes the cluster if there is none; one that was cut short while it was made does not count.
 *
 * @returns whether it was made now
 * @throws StartError postgres_version  it was made by another major version
 */
export async function ensureCluster(data: string, runnable: Runnable): Promise<boolean> {
  const cluster = clusterFolder(data);
  if (!existsSync(cluster)) {
    await makeCluster(data, cluster, runnable);
    return true;
  }
  const made = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
  const major = runnable.version.split('.')[0];
  if (made !== major) {
    throw new StartError(
      'postgres_version',
      `${cluster} was made by Postgres ${made}, and this is ${major}; ` +
        'start the release of Moraine that made it, or name another folder by MORAINE_DATA',
    );
  }
  giveTo(runnable.user, cluster);
  return false;
}

export function clusterFolder(data: string): string {
  return join(data, 'postgres');
}

/** The superuser's password, for connections by TCP. */
export function readPassword(data: string): string {
  return readFileSync(join(data, 'postgres.password'), 'utf8').trim();
}

async function makeCluster(data: string, cluster: string, runnable: Runnable): Promise<void> {
  const fresh = `${cluster}.new`;
  const passwordCopy = `${cluster}.password.new`;
  rmSync(fresh, { recursive: true, force: true });
  rmSync(passwordCopy, { force: true });
  const password = randomBytes(24).toString('base64url');
  writeFileSync(join(data, 'postgres.password'), `${password}\n`, { mode: 0o600 });
  chmodSync(join(data, 'postgres.password'), 0o600);
  mkdirSync(fresh, { mode: 0o700 });
  // Postgres may run as another user, who cannot read our own file.
  writeFileSync(passwordCopy, `${password}\n`, { mode: 0o600 });
  for (const path of [fresh, passwordCopy]) giveTo(runnable.user, path);
  try {
    await initdb(fresh, passwordCopy, runnable);
  } finally {
    rmSync(passwordCopy, { force: true });
  }
  renameSync(fresh, cluster);
}

function initdb(folder: string, passwordFile: string, runnable: Runnable): Promise<void> {
  const { user, binaries } = runnable;
  const [command = '', ...args] = [
    ...user.prefix,
    binaries.initdb,
    `--pgdata=${folder}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    // The socket's folder is ours alone; TCP asks for the password.
    '--auth-local=trust',
    '--auth-host=scram-sha-256',
    '--encoding=UTF8',
    // Texts compare as bytes.
    '--locale=C',
  ];
  const options = { ...user.ids, cwd: folder, env: postgresEnvironment(), timeout: INITDB_MS_MAX };
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (chunk) => (said += String(chunk)));
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      const last = said.trim().split('\n').slice(-3).join('; ');
      reject(new StartError('postgres_failed', `initdb failed (${why}): ${last}`));
    };
    child.once('error', (error) => fail(error.message));
    child.once('close', (code, name) => (code === 0 ? resolve() : fail(String(name ?? code))));
  });
}

/** Only what Postgres needs: a `PGPORT` or `LC_ALL` of the caller's would change what it does. */
export function postgresEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}
