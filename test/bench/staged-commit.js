// What the tree of a commit costs, from staged rows in Postgres to files that are durable; of one
// compiled program, or of two in turns.
//
//   node --disable-warning=ExperimentalWarning --experimental-transform-types \
//     test/bench/staged-commit.js [--objects 100000] [--base 0] [--rounds 5] [--dist dist,../old/dist]
//     [--pages]
//
// `--base` is how many objects the branch has before; the staged ones are spread over them. Wall
// clock, CPU of the whole process, of its main thread, and of the server; medians of the rounds,
// which are warm from the second on.
import '../support/sources.js';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { cpuMsOf } from '../../load/compare/processes.js';

const { values: options } = parseArgs({
  options: {
    objects: { type: 'string', default: '100000' },
    base: { type: 'string', default: '0' },
    rounds: { type: 'string', default: '5' },
    dist: { type: 'string', default: 'dist' },
    worker: { type: 'string' },
    profile: { type: 'string' },
  },
});
const TOKEN = 'bench-token';
const BASE_TOKEN = 'base-token';

if (options.worker === undefined) await lead();
else await work(JSON.parse(options.worker));

async function lead() {
  const { PostgresServer } = await import('../support/postgres-server.js');
  const { openPostgresStores } = await import('../../src/app/postgres-stores.js');
  const folder = mkdtempSync(join(tmpdir(), 'moraine-'));
  const server = new PostgresServer(folder, { fsync: 'on', shared_buffers: '256MB' });
  await server.start();
  const connection = { host: folder, user: 'postgres', database: 'postgres' };
  try {
    const stores = await openPostgresStores({ connection, project: () => [] });
    await stage(connection);
    await stores.close();
    const sides = options.dist
      .split(',')
      .map((dist, index) => side(dist, index, folder, connection));
    const runs = sides.map(() => []);
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const [index, { ask }] of sides.entries()) {
        const before = cpuMsOf({ postgres: server.pid }).postgres;
        const figures = await ask();
        runs[index].push({
          ...figures,
          postgresMs: cpuMsOf({ postgres: server.pid }).postgres - before,
        });
      }
    }
    for (const [index, { dist, end }] of sides.entries()) {
      end();
      const warm = runs[index].slice(1);
      const middle = (name) =>
        warm.map((run) => run[name]).toSorted((a, b) => a - b)[warm.length >>> 1];
      const names = ['wallMs', 'cpuMs', 'mainMs', 'postgresMs', 'longestTurnMs', 'id'];
      console.log(
        dist,
        JSON.stringify(Object.fromEntries(names.map((name) => [name, middle(name)]))),
      );
    }
  } finally {
    await server.stop('SIGINT');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Rows as staging leaves them: paths of a thousand to a folder, as load/scale.js stages them. */
async function stage(connection) {
  const client = new pg.Client(connection);
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query(
    `INSERT INTO kv_slot (view, version, state) VALUES ('staging', 1, 'active') RETURNING slot`,
  );
  const slot = rows[0].slot;
  const put = (partition, key, value, from) =>
    client.query(
      `INSERT INTO kv_row (slot, partition, key, value, schema, version)
         SELECT $1, $2, convert_to(${key}, 'UTF8'), convert_to(${value}, 'UTF8'), 1, 1 ${from}`,
      [slot, partition],
    );
  const name = `'data/part-' || n / 1000 || '/object-' || lpad(n::text, 8, '0')`;
  const entry = (label) =>
    `json_build_object('address', 'local:///tmp/load/${label}-' || n, 'addressType', 'full',
      'checksum', '${label}-' || n, 'sizeBytes', 1, 'modifiedAtMs', 1700000000000,
      'contentType', 'application/octet-stream', 'metadata', '[]'::json)::text`;
  const lean = (label) => `replace(${entry(label)}, '" : ', '":')`;
  const plain = (label) => `replace(${lean(label)}, ', "', ',"')`;
  const [count, base] = [Number(options.objects), Number(options.base)];
  const step = base === 0 ? 1 : Math.max(1, Math.floor(base / count));
  for (const token of [TOKEN, BASE_TOKEN]) await put('staging/@tokens', `'${token}'`, `'{}'`, '');
  const series = (many, by) => `FROM generate_series(0, ${(many - 1) * by}, ${by}) n`;
  await put(`staging/${TOKEN}`, name, plain('staged'), series(count, step));
  if (base > 0) await put(`staging/${BASE_TOKEN}`, name, plain('base'), series(base, 1));
  await client.query('VACUUM ANALYZE kv_row');
  await client.end();
}

/** A process of one program, that does it again whenever it is asked. */
function side(dist, index, folder, connection) {
  const blocks = join(folder, `blocks-${index}`);
  mkdirSync(blocks);
  const told = JSON.stringify({ dist: resolve(dist), blocks, connection });
  const flags = options.profile ? ['--cpu-prof', '--cpu-prof-dir', options.profile] : [];
  const child = spawn(
    process.execPath,
    [
      ...flags,
      ...process.execArgv,
      fileURLToPath(import.meta.url),
      '--worker',
      told,
      '--base',
      options.base,
    ],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  const ask = () =>
    new Promise((done, failed) => {
      child.once('message', done);
      child.once('exit', (code) => failed(new Error(`it ended with ${code}`)));
      child.send('go');
    });
  return { dist, ask, end: () => child.send('end') };
}

async function work({ dist, blocks: root, connection }) {
  const from = (path) => import(new URL(path, pathToFileURL(`${dist}/`)));
  const { openPostgresStores } = await from('app/postgres-stores.js');
  const { BlockCommittedStore } = await from('committed/block-committed-store.js');
  const { LocalBlockStore } = await from('block-adapter/local-block-store.js');
  const { DEFAULT_RANGE_PARAMETERS } = await from('ports/committed-store.js');
  const { stagedChanges } = await from('projections/staging.view.js');
  const stores = await openPostgresStores({ connection, project: () => [] });
  const blocks = await LocalBlockStore.open({ root, onSyncFailed: () => {} });
  const committed = new BlockCommittedStore(
    blocks,
    pathToFileURL(join(dist, 'committed/range-worker.js')),
  );
  let namespaces = 0;
  const probe = turnProbe();
  process.on('message', async (told) => {
    if (told === 'end') {
      await committed.close();
      await stores.close();
      process.disconnect();
      return;
    }
    const namespace = `local://bench-${namespaces++}`;
    const lay = (base, token) =>
      committed.apply(namespace, base, stagedChanges(stores.kv, [token]), DEFAULT_RANGE_PARAMETERS);
    const base = options.base === '0' ? '' : (await lay('', BASE_TOKEN)).metaRangeId;
    const [cpu, main] = [process.cpuUsage(), process.threadCpuUsage()];
    probe.reset();
    const startedMs = performance.now();
    const { metaRangeId } = await lay(base, TOKEN);
    const wallMs = Math.round(performance.now() - startedMs);
    const ms = ({ user, system }) => Math.round((user + system) / 1000);
    process.send({
      wallMs,
      cpuMs: ms(process.cpuUsage(cpu)),
      mainMs: ms(process.threadCpuUsage(main)),
      longestTurnMs: Number(probe.longestMs().toFixed(1)),
      id: metaRangeId.slice(0, 12),
    });
  });
}

function turnProbe() {
  let longest = 0;
  let last = process.threadCpuUsage();
  const turn = () => {
    const now = process.threadCpuUsage();
    longest = Math.max(longest, now.user + now.system - last.user - last.system);
    last = now;
    setTimeout(turn, 1).unref();
  };
  turn();
  return { reset: () => (longest = 0), longestMs: () => longest / 1000 };
}
