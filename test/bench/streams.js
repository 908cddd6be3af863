// What moving a log costs: events a second, CPU of this program and of Postgres, peak memory.
//
//   node scripts/run-ts.js test/bench/streams.js <events> [<folder to keep the archive in>] [legs]
//
// A history of real commands is exported from memory once; then each leg is a run of
// `moraine streams …` of its own on an embedded Postgres with fsync on. Legs: import, export, verify,
// store (through EventStoreDB's protocol), rebuild (in memory); all of them when none is named.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { cpuMsOf } from '../../load/compare/processes.js';
import { EmbeddedPostgres } from '../../src/app/embedded-postgres.js';
import { FolderArchive } from '../../src/event-log/archive/folder-archive.js';
import { MemoryEventLog } from '../../src/event-log/memory-event-log.js';
import { MemoryKvStore } from '../../src/kv-adapter/memory-kv-store.js';
import { MemoryViewSlots } from '../../src/kv-adapter/memory-view-slots.js';
import { importStreams } from '../../src/migration/streams/import-streams.js';
import { allProjections, inlineProjection } from '../../src/projections/all-projections.js';
import { Rebuilder } from '../../src/projections/rebuild.js';
import { makeArchive } from '../moves/long-history.js';
const root = fileURLToPath(new URL('../..', import.meta.url));
const LEGS = ['import', 'export', 'verify', 'store', 'rebuild'];
const [events = '100000', kept, ...wanted] = process.argv.slice(2);
const legs = wanted.length > 0 ? wanted : LEGS;
const folder = mkdtempSync(join(tmpdir(), 'moraine-bench-'));
const archive = kept ?? join(folder, 'archive');
const eventCount = await historyIn(archive);
console.log(
  'leg                    events/s  program µs  Postgres µs  peak MiB  (µs of CPU an event)',
);
if (legs.some((leg) => leg !== 'rebuild')) await onPostgres();
if (legs.includes('rebuild')) await rebuildInMemory();
rmSync(folder, {
  recursive: true,
  force: true,
});
async function historyIn(path) {
  const into = new FolderArchive(path);
  if (!existsSync(path)) {
    await makeArchive(into, { seed: 1, eventCount: Number(events), partEventsMax: 20_000 });
  }
  return (await into.parts()).reduce((sum, part) => sum + part.eventCount, 0);
}

async function onPostgres() {
  const data = join(folder, 'postgres');
  const postgres = await EmbeddedPostgres.start({
    data,
    onExit: (why) => console.error(why),
  });
  const pid = Number(
    readFileSync(join(data, 'postgres', 'postmaster.pid'), 'utf8').split('\n', 1)[0],
  );
  try {
    const own = {
      MORAINE_DATABASE_URL: await newDatabase(postgres.connection, 'own'),
    };
    if (legs.some((leg) => leg !== 'store')) await run(pid, own, ['import', '--from', archive]);
    if (legs.includes('export')) await run(pid, own, ['export', '--to', join(folder, 'out')]);
    if (legs.includes('verify')) await run(pid, own, ['verify', '--against', archive]);
    if (legs.includes('store')) await throughStore(pid, postgres.connection);
  } finally {
    await postgres.stop();
  }
}
async function throughStore(pid, connection) {
  const port = await freePort();
  const log = spawn(process.execPath, ['bin/moraine.js', 'log'], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      MORAINE_DATA: join(folder, 'log'),
      MORAINE_DATABASE_URL: await newDatabase(connection, 'log'),
      MORAINE_STREAMS_LISTEN: `127.0.0.1:${port}`,
      MORAINE_STREAMS_INSECURE: 'true',
      MORAINE_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(log.stdout, 'data');
  const via = {
    MORAINE_EVENT_LOG: 'eventstoredb',
    MORAINE_EVENTSTORE_URL: `esdb://127.0.0.1:${port}?tls=false`,
    MORAINE_DATABASE_URL: await newDatabase(connection, 'views'),
  };
  try {
    const before = cpuMsOf({
      log: log.pid,
    });
    await run(pid, via, ['import', '--from', archive]);
    const middle = cpuMsOf({
      log: log.pid,
    });
    await run(pid, via, ['export', '--to', join(folder, 'via')]);
    const after = cpuMsOf({
      log: log.pid,
    });
    const us = [middle, after].map(({ log: ms }, at) =>
      ((((ms ?? 0) - ((at === 0 ? before : middle).log ?? 0)) * 1000) / eventCount).toFixed(0),
    );
    console.log(
      `  the served log took ${us.join(' and ')} µs an event, peak ${peakMb(log.pid)} MiB`,
    );
  } finally {
    log.kill('SIGTERM');
    await once(log, 'exit');
  }
}
/** Runs one command, and prints its line. */ async function run(postgres, environment, args) {
  const before = cpuMsOf({
    postgres,
  });
  const startedMs = performance.now();
  const child = spawn(
    process.execPath,
    [...profiling(args), 'bin/moraine.js', 'streams', ...args],
    {
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        MORAINE_DATA: join(folder, 'data'),
        ...environment,
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  let [programMs, peak] = [0, 0];
  const look = setInterval(() => {
    programMs =
      cpuMsOf({
        program: child.pid,
      })['program'] || programMs;
    peak = Math.max(peak, peakMb(child.pid));
  }, 100);
  const [code] = await once(child, 'exit');
  clearInterval(look);
  const seconds = (performance.now() - startedMs) / 1000;
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  const postgresMs =
    (cpuMsOf({
      postgres,
    })['postgres'] ?? 0) - (before['postgres'] ?? 0);
  const where = 'MORAINE_EVENT_LOG' in environment ? ' (store)' : '';
  tell(`${args[0]}${where}`, {
    seconds,
    programMs,
    postgresMs,
    peak,
  });
}
function profiling([name]) {
  if (process.env['PROFILE'] !== name) return [];
  return ['--cpu-prof', '--cpu-prof-dir', process.env['PROFILE_DIR'] ?? tmpdir()];
}
async function rebuildInMemory() {
  const kv = new MemoryKvStore();
  const log = new MemoryEventLog({
    kv,
    project: inlineProjection(),
  });
  await measured('import, in memory', () =>
    importStreams(log, new FolderArchive(archive), {
      eventsPerAppend: 100,
    }),
  );
  const rebuilder = new Rebuilder(log, new MemoryViewSlots(kv), allProjections);
  const names = allProjections.map(({ name }) => name);
  await measured('rebuild, in memory', () => rebuilder.rebuildAll(names, { swap: true }));
}
async function measured(name, work) {
  const before = process.cpuUsage();
  const startedMs = performance.now();
  await work();
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - startedMs) / 1000;
  const programMs = (user + system) / 1000;
  tell(name, {
    seconds,
    programMs,
    postgresMs: 0,
    peak: peakMb(process.pid),
  });
}
function tell(name, of) {
  const us = (ms) => ((ms * 1000) / eventCount).toFixed(1);
  const rate = Math.round(eventCount / of.seconds);
  console.log(
    `${name.padEnd(20)} ${String(rate).padStart(10)}  ${us(of.programMs).padStart(10)}  ` +
      `${us(of.postgresMs).padStart(11)}  ${String(of.peak).padStart(8)}`,
  );
}
function peakMb(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}
async function newDatabase(connection, name) {
  const client = new Client(connection);
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const { user, host, port } = connection;
  const url = new URL(`postgres://localhost/${name}`);
  url.username = String(user);
  url.search = new URLSearchParams({
    host: String(host),
    port: String(port),
  }).toString();
  return url.href;
}
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
