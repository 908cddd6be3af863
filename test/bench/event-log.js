// What group commit and gathered reads are worth, against the same statements sent one by one.
//
//   node --disable-warning=ExperimentalWarning --experimental-transform-types test/bench/event-log.js
//
// Both sides of a pair run in turns on one server (fsync on), several rounds; the median counts.
// CPU is of all processes of the server, and of this one, per event or read.
import '../support/sources.js';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { cpuMsOf } from '../../load/compare/processes.js';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const MEASURE_MS = Number(process.env.MEASURE_MS ?? 1_000);
const SINGLE_CONNECTIONS = 16;

const { PostgresServer } = await import('../support/postgres-server.js');
const { openPostgresStores } = await import('../../src/app/postgres-stores.js');
const { READ_GETS } = await import('../../src/kv-adapter/kv-statements.js');

const project = ({ stream, data }) => [
  {
    kind: 'put',
    partition: `notes/${stream}`,
    key: Buffer.from(data.path),
    value: Buffer.from(data.entry),
    schema: 1,
  },
];

/** Runs `work` in as many loops as there are clients, and returns rate and CPU for one of it. */
async function measure(server, clients, work) {
  const run = async (ms) => {
    const untilMs = performance.now() + ms;
    let count = 0;
    const loop = async (index) => {
      for (; performance.now() < untilMs; count++) await work(index);
    };
    await Promise.all(Array.from({ length: clients }, (_, index) => loop(index)));
    return count;
  };
  await run(MEASURE_MS / 4);
  const before = { server: cpuMsOf({ server: server.pid }).server, node: process.cpuUsage() };
  const startedAtMs = performance.now();
  const count = await run(MEASURE_MS);
  const elapsedMs = performance.now() - startedAtMs;
  const node = process.cpuUsage(before.node);
  return {
    perSecond: (count * 1000) / elapsedMs,
    serverUs: ((cpuMsOf({ server: server.pid }).server - before.server) * 1000) / count,
    nodeUs: (node.user + node.system) / count,
  };
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >>> 1];
const medians = (runs) =>
  Object.fromEntries(Object.keys(runs[0]).map((key) => [key, median(runs.map((run) => run[key]))]));

async function compare(name, server, clients, sides) {
  const runs = Object.fromEntries(Object.keys(sides).map((side) => [side, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [side, work] of Object.entries(sides)) {
      runs[side].push(await measure(server, clients, work));
    }
  }
  const [first, second] = Object.entries(runs).map(([side, of]) => ({ side, ...medians(of) }));
  for (const { side, perSecond, serverUs, nodeUs } of [first, second]) {
    const figures = [perSecond, serverUs, nodeUs].map((figure) => figure.toFixed(0).padStart(8));
    console.log(`${name.padEnd(12)} ${String(clients).padStart(3)} ${side.padEnd(22)}${figures}`);
  }
  const ratio = (first.perSecond / second.perSecond).toFixed(1);
  const cpu = (first.serverUs / second.serverUs).toFixed(2);
  console.log(`${' '.repeat(17)}rate × ${ratio}, server CPU × ${cpu}`);
}

const append = (log, stream) => {
  const path = `data/${randomUUID()}.parquet`;
  const data = { path, entry: JSON.stringify({ path, size: 1234, checksum: 'x'.repeat(200) }) };
  const events = [{ id: randomUUID(), type: 'ObjectStaged', version: 1, data }];
  const context = { atMs: 1, caller: 'bench', requestId: randomUUID(), commandId: randomUUID() };
  return log.append([{ stream, expected: 'any', events }], context);
};

const folder = mkdtempSync(join(tmpdir(), 'moraine-'));
const server = new PostgresServer(folder, { fsync: 'on', shared_buffers: '256MB' });
await server.start();
const connection = { host: folder, user: 'postgres', database: 'postgres' };
const open = () => openPostgresStores({ connection, project });
try {
  const stores = await open();
  const singles = await Promise.all(Array.from({ length: SINGLE_CONNECTIONS }, open));
  const busy = singles.map(() => Promise.resolve());
  // One append at a time on each connection: a transaction each.
  const appendAlone = (index) => {
    const at = index % SINGLE_CONNECTIONS;
    const appending = busy[at].then(() => append(singles[at].log, 'staging-hot'));
    busy[at] = appending;
    return appending;
  };
  console.log('             clients                         /s   server     node (µs of CPU each)');
  for (const clients of [1, 16, 64]) {
    await compare('append', server, clients, {
      'group commit': () => append(stores.log, 'staging-hot'),
      'a transaction each': appendAlone,
    });
  }

  const partition = 'notes/staging-hot';
  const [rows] = await stores.kv.read([{ kind: 'scan', partition, limit: 5_000 }]);
  const pool = new pg.Pool({ ...connection, max: 8 });
  const keyAt = () => rows[Math.floor(Math.random() * rows.length)].key;
  for (const clients of [1, 16, 64]) {
    await compare('point read', server, clients, {
      gathered: () => stores.kv.read([{ kind: 'get', partition, key: keyAt() }]),
      'pool of 8, prepared': () =>
        pool.query({ name: 'get', text: READ_GETS, values: [[0], [partition], [keyAt()]] }),
    });
  }
  await pool.end();
  for (const one of [stores, ...singles]) await one.close();
} finally {
  await server.stop('SIGINT');
  rmSync(folder, { recursive: true, force: true });
}
