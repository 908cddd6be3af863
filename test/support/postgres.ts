import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, type ClientConfig } from 'pg';

export interface TestDatabase {
  readonly connection: ClientConfig;
  /** Runs one statement, as the superuser. */
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** Ends every connection to it and takes it away. */
  drop(): Promise<void>;
}

/**
 * Returns a new, empty database in the Postgres of this test run.
 *
 * The first who asks starts that server; a keeper stops it when the run is over, also when the run
 * was killed.
 */
export async function freshDatabase(): Promise<TestDatabase> {
  const host = await serverOfThisRun();
  const database = `test_${randomBytes(8).toString('hex')}`;
  const connection = { host, user: 'postgres', database };
  await inDatabase({ ...connection, database: 'postgres' }, (client) =>
    client.query(`CREATE DATABASE ${database}`),
  );
  return {
    connection,
    query: (sql, values) =>
      inDatabase(
        connection,
        async (client) => (await client.query(sql, values && [...values])).rows,
      ),
    drop: () =>
      inDatabase({ ...connection, database: 'postgres' }, async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
      }),
  };
}

async function inDatabase<Result>(
  connection: ClientConfig,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client(connection);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Returns the folder of its socket. */
async function serverOfThisRun(): Promise<string> {
  // In a worker of Jest the run is its parent; in band the run is this process.
  const isWorker = process.argv[1]?.includes('jest-worker') ?? false;
  const owner = isWorker ? process.ppid : process.pid;
  const folder = join(tmpdir(), `moraine-pg-${owner}`);
  if (await isMine(folder)) {
    const keeper = fileURLToPath(new URL('postgres-server.ts', import.meta.url));
    const words = ['--disable-warning=ExperimentalWarning', keeper, String(owner), folder];
    spawn(process.execPath, words, { detached: true, stdio: 'ignore' }).unref();
  }
  for (let waitedMs = 0; waitedMs < START_MS_MAX; waitedMs += START_POLL_MS) {
    if (existsSync(join(folder, 'ready'))) return folder;
    if (existsSync(join(folder, 'failed'))) break;
    await sleep(START_POLL_MS);
  }
  throw new Error(await readFile(join(folder, 'failed'), 'utf8').catch(() => 'it did not start'));
}

/** Whoever makes the folder starts the server. */
async function isMine(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

const START_MS_MAX = 60_000;
const START_POLL_MS = 30;
