// Consumers of the feed on two nodes that are killed, as their database is, for so many minutes, of
// which the last is for those who are behind; a line of JSON at the end says what came of it. Three
// minutes are two of writing and 20 kills. FEED_CONSUMERS, FEED_KILLS, FEED_RATE change how much.
//
//   node scripts/run-ts.js test/soak/feed.ts <seed> <minutes>
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { feedSoak } from '../feed/feed-soak.js';
import { PostgresServer } from '../support/postgres-server.js';

const CONSUMERS = 1_000;
const KILLS_A_MINUTE = 10;
const RATE = 240;
const START_TRIES_MAX = 200;
const START_PAUSE_MS = 50;

const [seed = 1, minutes = 3] = process.argv.slice(2).map(Number);
const writeMinutes = Math.max(minutes - 1, minutes / 2);
const told = (name: string, untold: number): number => Number(process.env[name] ?? untold);
// Short: a socket's path has at most 107 bytes.
const folder = mkdtempSync(join(tmpdir(), 'mf-'));
const postgres = new PostgresServer(folder, { fsync: 'on', full_page_writes: 'on' });
await postgres.start();
try {
  const report = await feedSoak({
    connection: { host: folder, user: 'postgres', database: 'postgres' },
    databaseUrl: `postgres://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`,
    crashDatabase: () => crashed(postgres),
    seed,
    consumerCount: told('FEED_CONSUMERS', CONSUMERS),
    writeMs: writeMinutes * 60_000,
    killCount: told('FEED_KILLS', Math.round(writeMinutes * KILLS_A_MINUTE)),
    rate: told('FEED_RATE', RATE),
  });
  const { wrong, deliveries, refusals } = report;
  const figures = [
    `${told('FEED_CONSUMERS', CONSUMERS)} consumers`,
    `${report.kills} kills of nodes`,
    `${report.crashes} of the database`,
    `${report.connections} connections`,
    `${report.events} events (${report.eventsPerSecond}/s)`,
    `${report.deliveriesPerSecond} deliveries/s`,
    `lag p50 ${report.lagMsP50} ms p99 ${report.lagMsP99} ms`,
    `nodes at most ${report.nodeRssMiBMax} MiB`,
    `CPU ${report.nodeCpuSeconds} s of the nodes, ${report.clientCpuSeconds} s of all clients`,
    ...(refusals.length > 0 ? [`refused with ${refusals.join(' ')}`] : []),
  ].join('; ');
  console.log(
    JSON.stringify({
      count: deliveries,
      verdict: wrong.length === 0 ? 'ok' : 'failed',
      detail: wrong.length === 0 ? figures : `${wrong.length} wrong: ${wrong[0]}; ${figures}`,
    }),
  );
} finally {
  await postgres.stop('SIGQUIT');
  rmSync(folder, { recursive: true, force: true });
}

/** Ends the database as a crash does, and starts it again. */
async function crashed(server: PostgresServer): Promise<void> {
  await server.stop('SIGKILL');
  for (let tries = 0; ; tries++) {
    try {
      return await server.start();
    } catch (error) {
      // What a killed postmaster has left behind keeps the next one from starting for a moment.
      if (tries === START_TRIES_MAX) throw error;
      await delay(START_PAUSE_MS);
    }
  }
}
