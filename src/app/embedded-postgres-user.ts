import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, lchownSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { type Binaries, copyBinaries, makeLinks } from './embedded-postgres-binaries.js';
import { StartError } from './start-error.js';

/** Postgres refuses to run as root, so root runs it in one of two other ways. */
export type UserMode = 'self' | 'namespace' | 'other';

/** How a program is run so that Postgres takes it. */
export interface PostgresUser {
  readonly mode: UserMode;
  /** Stand before the program's own path and arguments. */
  readonly prefix: readonly string[];
  /** For `spawn`. */
  readonly ids: { readonly uid?: number; readonly gid?: number };
  /** Who must own the files; undefined: who makes them. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

const SELF: PostgresUser = { mode: 'self', prefix: [], ids: {} };
const OTHER_USERS = ['postgres', 'nobody'];
/** Enough for a program that prints its version. */
const PROBE_MS = 10_000;

export interface Runnable {
  readonly user: PostgresUser;
  readonly binaries: Binaries;
  /** As `postgres --version` has it: 18.4 */
  readonly version: string;
}

/**
 * Finds a way to run the binaries that can also use the data folder.
 *
 * @param modes  what may be tried, in this order
 * @throws StartError data_unreachable  naming the folder in the way
 */
export function findUser(
  binaries: Binaries,
  data: string,
  modes: readonly UserMode[] = isRoot() ? ['namespace', 'other'] : ['self', 'namespace'],
): Runnable {
  let blocked = '';
  for (const user of modes.flatMap(usersOf)) {
    const folder = folderInTheWay(user, data);
    if (folder !== undefined) {
      blocked = folder;
      continue;
    }
    const reachable = reachableBinaries(binaries, user, data);
    const version = reachable && versionOf(reachable, user);
    if (reachable && version) return { user, binaries: reachable, version };
  }
  throw unreachableData(binaries, blocked);
}

/** Gives everything below a folder to the user, if it belongs to somebody else. */
export function giveTo(user: PostgresUser, path: string): void {
  const { owner } = user;
  if (owner === undefined) return;
  const found = lstatSync(path);
  if (found.uid === owner.uid) return;
  if (found.isDirectory()) {
    for (const name of readdirSync(path)) giveTo(user, join(path, name));
    chownSync(path, owner.uid, owner.gid);
    return;
  }
  lchownSync(path, owner.uid, owner.gid);
}

function unreachableData({ postgres }: Binaries, blocked: string): StartError {
  const remedies =
    'put the data where another user may pass by MORAINE_DATA, ' +
    'or name a Postgres of your own by MORAINE_DATABASE_URL';
  if (blocked !== '') {
    const message = `Postgres does not run as root, and no other user may pass ${blocked}`;
    return new StartError('data_unreachable', `${message}; ${remedies}`);
  }
  if (!hasName()) {
    const message = `Postgres needs a user with a name, and ${process.getuid?.()} has none`;
    return new StartError('postgres_failed', `${message} in /etc/passwd; ${remedies}`);
  }
  const { stderr, error } = spawnSync(postgres, ['--version'], { encoding: 'utf8' });
  const why = error?.message ?? stderr.trim().split('\n')[0] ?? '';
  return new StartError('postgres_failed', `${postgres} does not run (${why}); ${remedies}`);
}

function usersOf(mode: UserMode): readonly PostgresUser[] {
  if (mode === 'self') return hasName() ? [SELF] : [];
  if (mode === 'other') return otherUsers();
  const user = namespaceUser();
  return isRunning(user, 'true', []) ? [user] : [];
}

/**
 * Inside the namespace we are an ordinary user, outside who we are, so that files stay ours. It
 * must be a user with a name, which initdb asks for: often 1000, but that need not be there.
 */
function namespaceUser(): PostgresUser {
  const { uid, gid } = namedUsers().find((user) => user.uid === 1000) ??
    namedUsers().find((user) => user.uid !== 0) ?? { uid: 1000, gid: 1000 };
  return {
    mode: 'namespace',
    prefix: ['unshare', '--user', `--map-user=${uid}`, `--map-group=${gid}`, '--'],
    ids: {},
    ...(isRoot() && { owner: { uid: 0, gid: 0 } }),
  };
}

function otherUsers(): PostgresUser[] {
  return OTHER_USERS.flatMap((name) => {
    const found = namedUsers().find((user) => user.name === name);
    if (found === undefined) return [];
    const owner = { uid: found.uid, gid: found.gid };
    return [{ mode: 'other' as const, prefix: [], ids: owner, owner }];
  });
}

function namedUsers(): { name: string; uid: number; gid: number }[] {
  if (!existsSync('/etc/passwd')) return [];
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [name = '', , uid = '', gid = ''] = line.split(':');
    return uid === '' || gid === '' ? [] : [{ name, uid: Number(uid), gid: Number(gid) }];
  });
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** A container may run us under a number that no user has. */
function hasName(): boolean {
  try {
    return userInfo().username !== '';
  } catch {
    return false;
  }
}

/** Returns the first folder on the way to `path`, itself included, that the user may not pass. */
function folderInTheWay(user: PostgresUser, path: string): string | undefined {
  // Most often nothing is in the way, and one question is enough.
  if (isRunning(user, 'test', ['-x', path])) return undefined;
  const above = dirname(path);
  return (above === path ? undefined : folderInTheWay(user, above)) ?? path;
}

function reachableBinaries(
  binaries: Binaries,
  user: PostgresUser,
  data: string,
): Binaries | undefined {
  if (makeLinks(binaries) && versionOf(binaries, user) !== undefined) return binaries;
  // Root itself may always ask; so may who only lacks the right to make the links.
  const version = versionOf(binaries, SELF) ?? 'unlinked';
  return copyBinaries(binaries, data, version);
}

function versionOf({ postgres }: Binaries, user: PostgresUser): string | undefined {
  const { status, stdout } = run(user, postgres, ['--version']);
  return status === 0 ? /\d+(\.\d+)?/.exec(stdout)?.[0] : undefined;
}

function isRunning(user: PostgresUser, program: string, args: string[]): boolean {
  return run(user, program, args).status === 0;
}

function run(user: PostgresUser, program: string, args: string[]) {
  const [command = program, ...rest] = [...user.prefix, program, ...args];
  const options = { ...user.ids, cwd: '/', encoding: 'utf8', timeout: PROBE_MS } as const;
  return spawnSync(command, rest, options);
}
