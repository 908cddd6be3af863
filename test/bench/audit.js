// What the audit costs on a long log in Postgres: building its index, asking it, and what the
// builder takes from those who stage objects meanwhile.
//
//   node --disable-warning=ExperimentalWarning --experimental-transform-types test/bench/audit.js
//
// EVENTS=1000000, ASKED=5 times each question, ROUNDS=5 pairs of STAGE_MS=10000 with the builder and
// without. Events are shaped as the service's own (test/audit/long-log.ts). CPU is of this process
// and of all processes of the server.
import '../support/sources.js';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { cpuMsOf } from '../../load/compare/processes.js';

const EVENTS = Number(process.env.EVENTS ?? 1_000_000);
const ASKED = Number(process.env.ASKED ?? 5);
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const STAGE_MS = Number(process.env.STAGE_MS ?? 10_000);
const WRITERS = 16;

const { PostgresServer } = await import('../support/postgres-server.js');
const { openPostgresStores } = await import('../../src/app/postgres-stores.js');
const { SystemClock } = await import('../../src/app/system-clock.js');
const { AuditKeeper } = await import('../../src/app/audit-keeper.js');
const { inlineProjection } = await import('../../src/projections/all-projections.js');
const { AuditIndex } = await import('../../src/projections/audit/audit-index.js');
const { AuditVerifier } = await import('../../src/projections/audit/audit-verifier.js');
const { auditPage, auditPages } = await import('../../src/queries/audit/audit-answers.js');
const { newEvent } = await import('../../src/commands/new-events.js');
const long = await import('../audit/long-log.js');

const folder = mkdtempSync(join(tmpdir(), 'moraine-'));
const server = new PostgresServer(folder, { fsync: 'on', shared_buffers: '256MB' });
await server.start();
const connection = { host: folder, user: 'postgres', database: 'postgres' };
const median = (values) => values.toSorted((a, b) => a - b)[values.length >>> 1];

/** Returns what some work took: wall, CPU here and CPU of the server, in milliseconds. */
async function measured(work) {
  const before = {
    cpu: process.cpuUsage(),
    server: cpuMsOf({ server: server.pid }).server,
    atMs: performance.now(),
  };
  const result = await work();
  const { user, system } = process.cpuUsage(before.cpu);
  const wallMs = performance.now() - before.atMs;
  return {
    result,
    wallMs,
    nodeMs: (user + system) / 1000,
    serverMs: cpuMsOf({ server: server.pid }).server - before.server,
  };
}

async function sizes() {
  const client = new pg.Client(connection);
  await client.connect();
  const { rows } = await client.query(`
    SELECT (SELECT sum(pg_column_size(k.*)) FROM kv_row k WHERE partition LIKE 'plain/audit-%')::float8
             AS index, pg_total_relation_size('event')::float8 AS log`);
  await client.end();
  return rows[0];
}

/** Counts the events that are read of a log. */
function counting(log) {
  const readAll = log.readAll.bind(log);
  const counts = { events: 0 };
  log.readAll = async (options) => {
    const found = await readAll(options);
    counts.events += found.length;
    return found;
  };
  return counts;
}

const all = { callers: [], operations: [], types: [], showsSteps: false, showsMoves: false };
const at = (part) => long.LONG_LOG_BEGAN_MS + part * EVENTS * long.LONG_LOG_PACE_MS;
const day = String(Math.floor(EVENTS / 3_000 / 2)).padStart(4, '0');
const hour = 3_600_000;
const questions = {
  'a caller of most events': { filter: { callers: ['etl'] } },
  'a caller of few (eve)': { filter: { callers: ['eve'] } },
  'one of 20 callers, in an hour of the middle': {
    filter: { callers: ['ben'], sinceMs: at(0.5), untilMs: at(0.5) + hour },
  },
  'a deep folder of one day': { filter: { prefix: `tables/t-3/day=${day}/` } },
  'a folder of all days': { filter: { prefix: 'tables/t-3/' } },
  'an object that one caller deletes': { filter: { path: 'users/eve' } },
  'a rare operation (create repository)': { filter: { operations: ['create repository'] } },
  'commits of one repository and branch': {
    filter: { operations: ['commit'], branch: 'dev' },
    repository: 'lake-2',
  },
  'a request': { filter: { requestId: `request-${Math.floor(EVENTS / 3)}` } },
  'nothing: no such caller': { filter: { callers: ['nobody'] } },
  'nothing: no such object': { filter: { path: 'tables/t-3/none' } },
  'the oldest, by most callers': { filter: { callers: ['etl'] }, order: 'oldest' },
};

async function ask(stores, { filter, order = 'newest', ...rest }, counts) {
  const index = new AuditIndex(stores.log, stores.kv, new SystemClock());
  const question = { filter: { ...all, ...filter }, order, ...rest };
  const times = [];
  let found;
  // The first time as a node that has just come up.
  for (let count = 0; count <= ASKED; count++) {
    counts.events = 0;
    const beganAtMs = performance.now();
    found = await auditPage({ index }, question, { after: undefined, amount: 100 });
    times.push(performance.now() - beganAtMs);
  }
  const [first, ...others] = times;
  const more = found.hasMore ? '+' : '';
  return {
    results: `${found.items.length}${more}`,
    events: counts.events,
    first,
    ms: median(others),
  };
}

async function stream(stores) {
  const index = new AuditIndex(stores.log, stores.kv, new SystemClock());
  const question = { filter: { ...all, callers: ['ada'] }, order: 'oldest' };
  const pages = await auditPages({ index }, question, undefined);
  let count = 0;
  for await (const page of pages) count += page.length;
  return count;
}

/** Appends as a stage does, less the edge: each pays for its row and its share of a sync. */
async function stage(stores, builds) {
  const token = `staging-${'0'.repeat(20)}.main.9.${randomUUID().slice(0, 8)}`;
  const context = () => ({
    atMs: Date.now(),
    caller: 'ada',
    requestId: randomUUID(),
    commandId: randomUUID(),
  });
  const opened = newEvent({ type: 'TokenOpened' }, randomUUID(), 0);
  await stores.log.append([{ stream: token, expected: 'none', events: [opened] }], context());
  const index = new AuditIndex(stores.log, stores.kv, new SystemClock());
  // As it is when work begins: not behind.
  while ((await index.buildSome()).eventCount > 0);
  const onError = (error) => console.error(error);
  let since = performance.eventLoopUtilization();
  const busyPart = () => {
    const { utilization } = performance.eventLoopUtilization(since);
    since = performance.eventLoopUtilization();
    return Math.max(0.2, utilization);
  };
  const options = { elapsedMs: () => performance.now(), busyPart, onError };
  let built = 0;
  const builder = {
    buildSome: async () => {
      const done = await index.buildSome();
      built += done.eventCount;
      return done;
    },
  };
  const keeper = new AuditKeeper(builder, new SystemClock(), options);
  if (builds) keeper.start();
  let count = 0;
  const write = async (untilMs) => {
    for (; performance.now() < untilMs; count++) {
      const asked = context();
      const path = `tables/t-1/day=9999/part-${count}.parquet`;
      const event = newEvent({ type: 'ObjectStaged', path, entry }, asked.commandId, 0);
      await stores.log.append([{ stream: token, expected: 'open', events: [event] }], asked);
    }
  };
  const writers = (ms) =>
    Promise.all(Array.from({ length: WRITERS }, () => write(performance.now() + ms)));
  // The builder waits a while before it begins.
  await writers(6_000);
  [count, built] = [0, 0];
  const { wallMs, nodeMs, serverMs } = await measured(() => writers(STAGE_MS));
  await keeper.stop();
  return { perSecond: (count * 1000) / wallMs, us: ((nodeMs + serverMs) * 1000) / count, built };
}

const entry = {
  address: 'data/g0000000000000000000/00000000000000000000',
  addressType: 'relative',
  checksum: '0'.repeat(32),
  sizeBytes: 4_096,
  modifiedAtMs: 0,
  contentType: 'application/octet-stream',
  metadata: [],
};

try {
  // Of the long log no views are made: nobody asks for them here.
  const bare = await openPostgresStores({ connection, project: () => [] });
  const written = await measured(() =>
    long.appendLongLog(bare.log, { seed: 1, eventCount: EVENTS }),
  );
  console.log(`${written.result} events appended in ${(written.wallMs / 1000).toFixed(1)} s`);

  const index = new AuditIndex(bare.log, bare.kv, new SystemClock());
  const built = await measured(async () => {
    let count = 0;
    for (let some = 1; some > 0; count += some) some = (await index.buildSome()).eventCount;
    return count;
  });
  const { index: indexBytes, log: logBytes } = await sizes();
  const us = (ms) => ((ms * 1000) / built.result).toFixed(1);
  console.log(
    `index: ${built.result} events in ${(built.wallMs / 1000).toFixed(1)} s, ` +
      `${Math.round((built.result * 1000) / built.wallMs)}/s; µs of CPU an event: ` +
      `${us(built.nodeMs)} here, ${us(built.serverMs)} in Postgres`,
  );
  console.log(
    `size: ${(indexBytes / built.result).toFixed(1)} bytes an event, ` +
      `${((100 * indexBytes) / logBytes).toFixed(2)} % of the log's ${(logBytes / 2 ** 20).toFixed(0)} MiB`,
  );

  const counts = counting(bare.log);
  console.log(`${'question, 100 results at most'.padEnd(46)}results  events read   first ms   ms`);
  for (const [name, question] of Object.entries(questions)) {
    const { results, events, first, ms } = await ask(bare, question, counts);
    const figures = [results.padStart(7), String(events).padStart(13)];
    console.log(
      `${name.padEnd(46)}${figures.join('')}${first.toFixed(1).padStart(11)}${ms.toFixed(1).padStart(7)}`,
    );
  }
  const streamed = await measured(() => stream(bare));
  console.log(
    `all of one of four callers, streamed: ${streamed.result} records in ` +
      `${(streamed.wallMs / 1000).toFixed(1)} s; RSS ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`,
  );
  const verified = await measured(() =>
    new AuditVerifier(bare.log, bare.kv).run({ repairs: false }),
  );
  console.log(
    `verified in ${(verified.wallMs / 1000).toFixed(1)} s: ${verified.result.faults.length} faults`,
  );
  await bare.close();

  const stores = await openPostgresStores({ connection, project: inlineProjection() });
  const runs = { without: [], with: [] };
  for (let round = 0; round < ROUNDS; round++) {
    // Whoever is first in one round is second in the next.
    const order = round % 2 === 0 ? ['without', 'with'] : ['with', 'without'];
    for (const side of order) runs[side].push(await stage(stores, side === 'with'));
  }
  const ratio = (key) => median(runs.with.map((run, round) => run[key] / runs.without[round][key]));
  if (ROUNDS > 0) {
    const usOfBuilding = ((built.nodeMs + built.serverMs) * 1000) / built.result;
    const part = median(
      runs.with.map(({ built: events, perSecond, us: of }) => {
        return (events * usOfBuilding) / (((perSecond * STAGE_MS) / 1000) * of);
      }),
    );
    console.log(
      `beside ${WRITERS} writers the builder summed up ${median(runs.with.map((run) => run.built))} ` +
        `events in ${STAGE_MS / 1000} s: ${(100 * part).toFixed(2)} % of the CPU, by its own bill`,
    );
    console.log(
      `staging, ${WRITERS} writers: ${Math.round(median(runs.without.map((run) => run.perSecond)))}/s, ` +
        `${median(runs.without.map((run) => run.us)).toFixed(0)} µs of CPU each; with the builder ` +
        `rate × ${ratio('perSecond').toFixed(3)}, CPU × ${ratio('us').toFixed(3)}`,
    );
  }
  await stores.close();
} finally {
  await server.stop('SIGINT');
  rmSync(folder, { recursive: true, force: true });
}
