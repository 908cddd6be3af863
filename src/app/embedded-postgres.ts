import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Client, type ClientConfig } from 'pg';
import { codeOf } from '../block-adapter/fs-errors.js';
import { failpoint } from '../shared/failpoint.js';
import { findBinaries } from './embedded-postgres-binaries.js';
import { clusterFolder, ensureCluster, postgresEnvironment } from './embedded-postgres-cluster.js';
import { DATABASE, type Endpoint, endpointIn } from './embedded-postgres-endpoint.js';
import { clusterName, endLeftOver, pidFile } from './embedded-postgres-leftover.js';
import { findUser, type Runnable, type UserMode } from './embedded-postgres-user.js';
import { becomes, signal } from './processes.js';
import { StartError } from './start-error.js';

/** Recovery after a crash replays at most `max_wal_size` of log. */
const READY_MS_MAX = 120_000;
const FAST_STOP_MS_MAX = 20_000;
const IMMEDIATE_STOP_MS_MAX = 7_000;
const LOG_BYTES_MAX = 16 * 1024 * 1024;
/** Of its log, in the error that says why it did not start. */
const SAID_LINES_MAX = 3;

export interface EmbeddedPostgresOptions {
  /** The server's data folder; the caller holds its lock. */
  readonly data: string;
  /** Called when Postgres ends and nobody has stopped it, with the reason in one line. */
  readonly onExit: (reason: string) => void;
  readonly sharedBuffersBytes?: number;
  /** False only for tests: what was acknowledged may be gone after a power failure. */
  readonly fsync?: boolean;
  /** Left out: whatever this system and this user allow. */
  readonly modes?: readonly UserMode[];
}

/**
 * A real Postgres in the data folder, a child of this process and nobody else's.
 *
 * It runs in a session of its own, so that Ctrl-C reaches us first and we can flush before it
 * stops. What a killed server has left running is ended before a new one starts.
 */
export class EmbeddedPostgres {
  #stopped: Promise<void> | undefined;

  private constructor(
    readonly connection: ClientConfig,
    /** Whether the cluster was made by this start. */
    readonly isNew: boolean,
    private readonly child: ChildProcess,
  ) {}

  /** @throws StartError  saying in one line what is in the way and what to do about it */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    mkdirSync(options.data, { recursive: true });
    const data = realpathSync(options.data);
    try {
      return await startIn(data, options);
    } catch (error) {
      if (!['EACCES', 'EPERM'].includes(codeOf(error))) throw error;
      const remedy = `run as the user who made ${data}, or name another folder by MORAINE_DATA`;
      const message = `${String(error)}; ${remedy}`;
      throw new StartError('data_unreachable', message, { cause: error });
    }
  }

  /** Called by `start`. */
  static async of(
    child: ChildProcess,
    parts: { connection: ClientConfig; isNew: boolean; onExit: (reason: string) => void },
  ): Promise<EmbeddedPostgres> {
    const postgres = new EmbeddedPostgres(parts.connection, parts.isNew, child);
    await ensureDatabase(parts.connection);
    const exited = (): void => {
      if (postgres.#stopped === undefined) parts.onExit(`Postgres ended (${howItEnded(child)})`);
    };
    if (hasEnded(child)) exited();
    else child.once('exit', exited);
    return postgres;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Stops it: fast, then at once, then by force. Everything acknowledged is kept in each case. */
  stop(): Promise<void> {
    this.#stopped ??= stopChild(this.child);
    return this.#stopped;
  }
}

async function startIn(data: string, options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const runnable = findUser(await findBinaries(), data, options.modes);
  const cluster = clusterFolder(data);
  await endLeftOver(cluster);
  await failpoint('start.afterLeftOver');
  const isNew = await ensureCluster(data, runnable);
  const endpoint = await endpointIn(data, runnable);
  const child = spawnPostmaster({ data, cluster, runnable, endpoint, options });
  try {
    await untilReady(child, data, cluster);
    await failpoint('start.afterPostgres');
    const { connection } = endpoint;
    return await EmbeddedPostgres.of(child, { connection, isNew, onExit: options.onExit });
  } catch (error) {
    await stopChild(child);
    throw error;
  }
}

function spawnPostmaster(of: {
  data: string;
  cluster: string;
  runnable: Runnable;
  endpoint: Endpoint;
  options: EmbeddedPostgresOptions;
}): ChildProcess {
  const { user, binaries } = of.runnable;
  const sharedBuffersKb = Math.ceil((of.options.sharedBuffersBytes ?? 256 * 1024 * 1024) / 1024);
  const flags = [
    `cluster_name=${clusterName(of.cluster)}`,
    'wal_level=minimal',
    'max_wal_senders=0',
    'jit=off',
    `shared_buffers=${sharedBuffersKb}kB`,
    'max_wal_size=2GB',
    'checkpoint_timeout=15min',
    'synchronous_commit=on',
    `fsync=${of.options.fsync === false ? 'off' : 'on'}`,
    'logging_collector=off',
    'log_timezone=UTC',
    'timezone=UTC',
    ...of.endpoint.flags,
  ];
  const [command = '', ...args] = [
    ...user.prefix,
    binaries.postgres,
    '-D',
    of.cluster,
    ...flags.flatMap((flag) => ['-c', flag]),
  ];
  // To a file, not to a pipe: a pipe would break when this process is killed.
  const log = openLog(of.data);
  try {
    return spawn(command, args, {
      ...user.ids,
      cwd: of.cluster,
      env: postgresEnvironment(),
      detached: true,
      stdio: ['ignore', log, log],
    }).once('error', () => undefined);
  } finally {
    closeSync(log);
  }
}

function openLog(data: string): number {
  const path = logPath(data);
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeBytes > LOG_BYTES_MAX) rmSync(path);
  return openSync(path, 'a', 0o600);
}

async function untilReady(child: ChildProcess, data: string, cluster: string): Promise<void> {
  const isReady = (): boolean => {
    const lines = pidFile(cluster);
    return Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready';
  };
  await becomes(() => hasEnded(child) || isReady(), READY_MS_MAX);
  if (!hasEnded(child) && isReady()) return;
  const said = readFileSync(logPath(data), 'utf8').trim().split('\n');
  const why = said.slice(-SAID_LINES_MAX).join('; ');
  throw new StartError(
    'postgres_failed',
    `Postgres does not start (${hasEnded(child) ? howItEnded(child) : 'no answer'}): ${why}; ` +
      `its log is ${logPath(data)}`,
  );
}

async function ensureDatabase(connection: ClientConfig): Promise<void> {
  const client = new Client({ ...connection, database: 'postgres' });
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  const { pid } = child;
  const isGone = (): boolean => hasEnded(child);
  if (pid === undefined || isGone()) return;
  signal(pid, 'SIGINT');
  if (await becomes(isGone, FAST_STOP_MS_MAX)) return;
  signal(pid, 'SIGQUIT');
  if (await becomes(isGone, IMMEDIATE_STOP_MS_MAX)) return;
  signal(pid, 'SIGKILL');
  await becomes(isGone, IMMEDIATE_STOP_MS_MAX);
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function howItEnded(child: ChildProcess): string {
  return child.signalCode ?? `exit code ${child.exitCode}`;
}

function logPath(data: string): string {
  return join(data, 'postgres.log');
}
