// A long history goes from Postgres to files, through EventStoreDB's protocol into another log, out
// again and into an empty Postgres; every leg is killed in its middle, again and again. In the end
// all events and all views must be the same, and a flipped byte must be named.
//
//   node scripts/run-ts.js test/moves/move-log.ts <seed> <events> <kills of each leg> [<archive>]
//
// A folder that is named keeps the history: one that is there is moved as it is.
//
// The last line is `{ count, verdict, detail }` as JSON; before it a line a leg.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { EmbeddedPostgres } from '../../src/app/embedded-postgres.js';
import { FolderArchive } from '../../src/event-log/archive/folder-archive.js';
import { SeededRandom } from '../support/seeded-random.js';
import { makeArchive } from './long-history.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const LEG_MS_MAX = 30 * 60_000;

const [seed = 1, wantedCount = 20_000, kills = 1] = process.argv.slice(2, 5).map(Number);
const keptArchive = process.argv[5];
let eventCount = wantedCount;
const random = new SeededRandom(seed);
const folder = mkdtempSync(join(tmpdir(), 'moraine-moves-'));
const postgres = await EmbeddedPostgres.start({
  data: join(folder, 'postgres'),
  onExit: (reason) => {
    throw new Error(reason);
  },
});
const ending: (() => void | Promise<void>)[] = [() => postgres.stop()];
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopped.abort());
try {
  const detail = await moveThrough();
  console.log(JSON.stringify({ count: eventCount, verdict: 'ok', detail }));
} catch (error) {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.log(JSON.stringify({ count: eventCount, verdict: 'failed', detail }));
  process.exitCode = 1;
} finally {
  for (const end of ending.toReversed()) await end();
  rmSync(folder, { recursive: true, force: true });
}

async function moveThrough(): Promise<string> {
  const archive = (name: string) => join(folder, name);
  const history = keptArchive ?? archive('made');
  eventCount = await historyIn(history);
  const first = { MORAINE_DATABASE_URL: await newDatabase('first') };
  const viaViews = await newDatabase('via_views');
  const via = {
    MORAINE_EVENT_LOG: 'eventstoredb',
    MORAINE_EVENTSTORE_URL: await startLog(await newDatabase('via_log')),
    MORAINE_DATABASE_URL: viaViews,
  };
  const last = { MORAINE_DATABASE_URL: await newDatabase('last') };
  const legs = [
    ['into Postgres', first, ['import', '--from', history], eventsIn('first')],
    ['out of Postgres', first, ['export', '--to', archive('one')], partsIn(archive('one'))],
    ['into EventStoreDB', via, ['import', '--from', archive('one')], eventsIn('via_log')],
    ['out of EventStoreDB', via, ['export', '--to', archive('two')], partsIn(archive('two'))],
    ['into an empty Postgres', last, ['import', '--from', archive('two')], eventsIn('last')],
  ] as const;
  const rates: string[] = [];
  for (const [name, environment, args, done] of legs) {
    rates.push(await leg(name, { environment, args, done }));
  }
  const verified = [];
  for (const environment of [first, via, last]) {
    verified.push(await verify(environment, history));
  }
  assertSame('what verify says', verified);
  const views = [];
  for (const url of [first.MORAINE_DATABASE_URL, viaViews, last.MORAINE_DATABASE_URL]) {
    views.push(await digestsOf(url));
  }
  assertSame('the views as SQL reads them', views);
  await namesFlippedByte(last, archive('two'));
  return `${rates.join('; ')}; ${kills} kills a leg; views ${views[0]}`;
}

/** @returns how many events it has */
async function historyIn(path: string): Promise<number> {
  const kept = new FolderArchive(path);
  const startedMs = performance.now();
  if ((await kept.about()) === undefined) {
    // Several parts also of a short history: what was killed goes on behind the last whole one.
    const partEventsMax = Math.min(20_000, Math.ceil(wantedCount / 20));
    await makeArchive(kept, { seed, eventCount: wantedCount, partEventsMax });
  }
  const count = (await kept.parts()).reduce((sum, part) => sum + part.eventCount, 0);
  tell(`${count} events, made in ${secondsSince(startedMs).toFixed(1)} s`);
  return count;
}

/** Returns how much of a leg is done, by what is at its end. */
type Done = () => Promise<number>;

function partsIn(path: string): Done {
  return async () => (await new FolderArchive(path).parts()).length;
}

function eventsIn(database: string): Done {
  return async () => {
    const sql = 'SELECT coalesce(max(position), 0)::int AS count FROM event';
    const found = await query<{ count: number }>({ ...postgres.connection, database }, sql);
    return found[0]?.count ?? 0;
  };
}

/** Runs a command until it ends by itself, killing it in its work as often as it is wanted. */
async function leg(
  name: string,
  of: {
    readonly environment: Readonly<Record<string, string>>;
    readonly args: readonly string[];
    readonly done: Done;
  },
): Promise<string> {
  const { environment, args, done } = of;
  let killed = 0;
  const startedMs = performance.now();
  for (;;) {
    const runMs = performance.now();
    const running = new AbortController();
    const work = killed < kills ? killedIn(done, running) : undefined;
    const { code, out, err } = await moraine(['streams', ...args, '--json'], environment, running);
    running.abort();
    await work;
    if (code === null && killed < kills) {
      killed += 1;
      continue;
    }
    if (code !== 0) throw new Error(`${name}: ended with ${code}: ${err}`);
    const [all, last] = [startedMs, runMs].map((ms) => secondsSince(ms).toFixed(1));
    tell(`${name}: ${out.trim()}, ${killed} kills, ${all} s, the last run ${last} s`);
    // Killed or not, what one run does in all is what can be told a rate of.
    if (kills > 0) return `${name} ${killed} kills`;
    return `${name} ${Math.round(eventCount / secondsSince(runMs))}/s`;
  }
}

/** Aborts some time after a run has got somewhere, never at the same place. */
async function killedIn(done: Done, running: AbortController): Promise<void> {
  const before = await done().catch(() => 0);
  while (!running.signal.aborted) {
    await wait(20);
    if ((await done().catch(() => before)) === before) continue;
    await wait(random.below(500));
    running.abort();
  }
}

async function verify(
  environment: Readonly<Record<string, string>>,
  against: string,
): Promise<string> {
  const args = ['streams', 'verify', '--against', against, '--json'];
  const { code, out, err } = await moraine(args, environment);
  if (code !== 0) throw new Error(`verify ended with ${code}: ${out}${err}`);
  return out;
}

/** A part of the archive with another byte must be named, and nothing of it taken. */
async function namesFlippedByte(environment: Readonly<Record<string, string>>, archive: string) {
  const file = 'events-00000001.ndjson.gz';
  const bytes = readFileSync(join(archive, file));
  const at = 20 + random.below(bytes.length - 20);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(join(archive, file), bytes);
  const args = ['streams', 'verify', '--against', archive];
  const { code, err } = await moraine(args, environment);
  if (code === 0 || !err.includes(file)) throw new Error(`a flipped byte is not named: ${err}`);
}

/** @returns its code; null when it was killed */
async function moraine(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  killed = new AbortController(),
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, ['bin/moraine.js', ...args], {
    cwd: root,
    env: { PATH: process.env['PATH'], MORAINE_DATA: join(folder, 'data'), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  child.stderr.on('data', (chunk) => (err += String(chunk)));
  const kill = () => child.kill('SIGKILL');
  const over = AbortSignal.any([killed.signal, stopped.signal]);
  over.addEventListener('abort', kill, { once: true });
  const timer = setTimeout(kill, LEG_MS_MAX);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  if (stopped.signal.aborted) throw new Error('it was stopped');
  return { code, out, err };
}

/** Starts a log that speaks EventStoreDB's protocol, and returns what its clients connect by. */
async function startLog(databaseUrl: string): Promise<string> {
  const port = await freePort();
  const child = spawn(process.execPath, ['bin/moraine.js', 'log'], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      MORAINE_DATA: join(folder, 'log'),
      MORAINE_DATABASE_URL: databaseUrl,
      MORAINE_STREAMS_LISTEN: `127.0.0.1:${port}`,
      MORAINE_STREAMS_INSECURE: 'true',
      MORAINE_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  ending.push(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the log ended with ${String(code)}`);
  });
  await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => undefined);
  return `esdb://127.0.0.1:${port}?tls=false`;
}

async function newDatabase(name: string): Promise<string> {
  await query(postgres.connection, `CREATE DATABASE ${name}`);
  const { user, host, port } = postgres.connection;
  const url = new URL(`postgres://localhost/${name}`);
  url.username = String(user);
  url.search = new URLSearchParams({ host: String(host), port: String(port) }).toString();
  return url.href;
}

/** Returns a SHA-256 of each view's rows, as SQL alone sees them. */
async function digestsOf(url: string): Promise<string> {
  const rows = await query<{ view: string; sha: string; rows: number }>(
    { connectionString: url },
    `SELECT s.view, count(*)::int AS rows, encode(sha256(convert_to(string_agg(
        r.partition || ' ' || encode(r.key, 'hex') || ' ' || r.schema || ' ' ||
        encode(sha256(r.value), 'hex'), E'\\n' ORDER BY r.partition, r.key), 'UTF8')), 'hex') AS sha
      FROM kv_slot s JOIN kv_row r USING (slot)
      WHERE s.state = 'active' GROUP BY s.view ORDER BY s.view`,
  );
  return rows
    .map(({ view, sha, rows: count }) => `${view} ${count} ${sha.slice(0, 12)}`)
    .join(', ');
}

async function query<Row extends object>(
  connection: ConstructorParameters<typeof Client>[0],
  sql: string,
): Promise<readonly Row[]> {
  const client = new Client(connection);
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}

function assertSame(what: string, of: readonly string[]): void {
  if (new Set(of).size > 1) throw new Error(`${what} differ:\n${of.join('\n')}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await wait(10);
  return port;
}

function secondsSince(ms: number): number {
  return (performance.now() - ms) / 1000;
}

function tell(line: string): void {
  console.log(`  ${line}`);
}
