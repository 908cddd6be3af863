import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { chmodSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Client, type ClientConfig } from 'pg';
import { findBinaries, makeLinks } from './embedded-postgres-binaries.js';
import { EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.js';
import { becomes, isTaken, processIdentity } from './processes.js';

jest.setTimeout(60_000);

const isRoot = process.getuid?.() === 0;
const running: EmbeddedPostgres[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const postgres of running.splice(0)) await postgres.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'moraine-pg-')));
  // As a checkout's folder is; mkdtemp lets nobody else in.
  chmodSync(folder, 0o755);
  folders.push(folder);
  return folder;
}

async function start(
  data: string,
  options: Partial<EmbeddedPostgresOptions> = {},
): Promise<EmbeddedPostgres> {
  const postgres = await EmbeddedPostgres.start({
    data,
    onExit: () => undefined,
    sharedBuffersBytes: 16 * 1024 * 1024,
    ...options,
  });
  running.push(postgres);
  return postgres;
}

async function ask(connection: ClientConfig, text: string): Promise<unknown[]> {
  const client = new Client(connection);
  await client.connect();
  try {
    return (await client.query<{ answer: unknown }>(text)).rows.map(({ answer }) => answer);
  } finally {
    await client.end();
  }
}

const keep = async (connection: ClientConfig, value: number): Promise<void> => {
  await ask(connection, 'CREATE TABLE IF NOT EXISTS kept (answer int)');
  await ask(connection, `INSERT INTO kept VALUES (${value})`);
};
const kept = (connection: ClientConfig): Promise<unknown[]> =>
  ask(connection, 'SELECT answer FROM kept ORDER BY answer');

const isLink = (path: string): boolean => lstatSync(path).isSymbolicLink();

describe.each(isRoot ? (['namespace', 'other'] as const) : (['self'] as const))(
  'the embedded Postgres, run as %s',
  (mode) => {
    const modes = [mode];

    it('starts, stops, and has its data when it starts again', async () => {
      const data = join(newFolder(), 'data');
      const first = await start(data, { modes });
      expect(first.isNew).toBe(true);
      await keep(first.connection, 1);
      await first.stop();
      expect(processIdentity(first.pid ?? 0)).toBeUndefined();

      const second = await start(data, { modes });
      expect(second.isNew).toBe(false);
      expect(await kept(second.connection)).toEqual([1]);
    });

    it('ends the one that a killed server left running, and loses nothing', async () => {
      const data = join(newFolder(), 'data');
      const left = await start(data, { modes });
      await keep(left.connection, 1);
      // What a killed server leaves is a Postgres that nobody stops: as this one is.
      const startedAtMs = performance.now();
      const next = await start(data, { modes });
      expect(performance.now() - startedAtMs).toBeLessThan(10_000);
      expect(processIdentity(left.pid ?? 0)).toBeUndefined();
      expect(await kept(next.connection)).toEqual([1]);
    });

    it('starts at once after Postgres was killed, and loses nothing', async () => {
      const data = join(newFolder(), 'data');
      const killed = await start(data, { modes });
      await keep(killed.connection, 1);
      process.kill(killed.pid ?? 0, 'SIGKILL');
      const next = await start(data, { modes });
      expect(await kept(next.connection)).toEqual([1]);
    });
  },
);

describe('the embedded Postgres', () => {
  it('lets in nobody but who may enter its folder, and compares texts as bytes', async () => {
    const data = newFolder();
    const { connection } = await start(data);
    expect(statSync(String(connection.host)).mode & 0o777).toBe(0o700);
    expect(await ask(connection, "SELECT 'Z' < 'a' AND 'é' > 'z' AS answer")).toEqual([true]);
    expect(await ask(connection, "SELECT current_setting('wal_level') AS answer")).toEqual([
      'minimal',
    ]);
    expect(await ask(connection, "SELECT current_setting('listen_addresses') AS answer")).toEqual([
      '',
    ]);
  });

  it('is asked by TCP and a password where a socket has too long a path', async () => {
    const data = join(newFolder(), 'long'.repeat(20));
    const { connection } = await start(data);
    expect(connection).toMatchObject({ host: '127.0.0.1', password: expect.any(String) });
    expect(await ask(connection, 'SELECT 1 AS answer')).toEqual([1]);
    await expect(ask({ ...connection, password: 'wrong' }, 'SELECT 1')).rejects.toThrow(/password/);
    expect(statSync(join(data, 'postgres.password')).mode & 0o777).toBe(0o600);
  });

  it('says so when it ends by itself, and not when it is stopped', async () => {
    const reasons: string[] = [];
    const data = newFolder();
    const stopped = await start(data, { onExit: (reason) => reasons.push(reason) });
    await stopped.stop();
    expect(reasons).toEqual([]);
    const said = new Promise<string>((resolve) => {
      void start(data, { onExit: resolve }).then(({ pid }) => process.kill(pid ?? 0, 'SIGKILL'));
    });
    expect(await said).toBe('Postgres ended (SIGKILL)');
  });

  it('does not take the process for its own that has its old number now', async () => {
    const data = newFolder();
    await (await start(data)).stop();
    const file = join(data, 'postgres/postmaster.pid');
    writeFileSync(file, `${process.pid}\n${data}/postgres\n1700000000\n5432\n\n\n\nready\n`);
    const postgres = await start(data);
    expect(await ask(postgres.connection, 'SELECT 1 AS answer')).toEqual([1]);
    expect(processIdentity(process.pid)).toBeDefined();
  });

  it('does not take one that ended and was not reaped for one that runs', async () => {
    const data = newFolder();
    await (await start(data)).stop();
    // The child ends when its shell has become something that reaps none.
    const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 30']);
    const [line] = await once(parent.stdout, 'data');
    const zombie = Number(String(line));
    try {
      expect(await becomes(() => processIdentity(zombie) === undefined, 5_000)).toBe(true);
      expect(isTaken(zombie)).toBe(true);
      const file = join(data, 'postgres/postmaster.pid');
      writeFileSync(file, `${zombie}\n${data}/postgres\n1700000000\n5432\n\n\n\nready\n`);
      const postgres = await start(data);
      expect(await ask(postgres.connection, 'SELECT 1 AS answer')).toEqual([1]);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('makes its cluster anew when the making was cut short', async () => {
    const data = newFolder();
    mkdirSync(join(data, 'postgres.new/base'), { recursive: true });
    writeFileSync(join(data, 'postgres.new/PG_VERSION'), '18\n');
    expect((await start(data)).isNew).toBe(true);
  });

  it('refuses a cluster of another version by name', async () => {
    const data = newFolder();
    await (await start(data)).stop();
    writeFileSync(join(data, 'postgres/PG_VERSION'), '15\n');
    await expect(start(data)).rejects.toMatchObject({
      fault: 'postgres_version',
      message: expect.stringMatching(/was made by Postgres 15, and this is 18.*MORAINE_DATA/),
    });
  });

  it('says in one line why it does not start', async () => {
    const data = newFolder();
    await (await start(data)).stop();
    writeFileSync(join(data, 'postgres/postgresql.auto.conf'), 'no_such_setting = 1\n');
    const error = await start(data).catch((refused: Error) => refused);
    expect(error).toMatchObject({ fault: 'postgres_failed' });
    expect(String(error)).toMatch(/no_such_setting.*its log is .*postgres\.log/);
    expect(String(error)).not.toContain('\n');
  });

  it('makes the links of its libraries when no install script did', async () => {
    const { folder } = await findBinaries();
    const copy = join(newFolder(), 'native');
    cpSync(folder, copy, { recursive: true, filter: (path) => !isLink(path) });
    const linked = { folder: copy, initdb: join(copy, 'bin/initdb'), postgres: '' };
    expect(existsSync(join(copy, 'lib/libicuuc.so.60'))).toBe(false);
    expect(makeLinks(linked)).toBe(true);
    expect(readFileSync(join(copy, 'lib/libicuuc.so.60')).length).toBeGreaterThan(100_000);
  });

  (isRoot ? it : it.failing)('names the folder that another user may not pass', async () => {
    const closed = join(newFolder(), 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const error = await start(join(closed, 'a/data'), { modes: ['other'] }).catch(String);
    expect(error).toContain(`may pass ${closed};`);
    expect(error).toMatch(/MORAINE_DATA.*MORAINE_DATABASE_URL/);
    expect(dirname(closed)).not.toBe(closed);
  });
});
