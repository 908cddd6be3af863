// Consumers of the feed on two nodes that are killed, for so many minutes, of which the last is for
// those who are behind; a line of JSON at the end says what came of it. Three minutes are two of
// writing and 20 kills. FEED_CONSUMERS, FEED_KILLS and FEED_RATE change how much of it.
//
//   node scripts/run-ts.js test/soak/feed.ts <seed> <minutes>
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres } from '../../src/app/embedded-postgres.js';
import { feedSoak } from '../feed/feed-soak.js';

const CONSUMERS = 1_000;
const KILLS_A_MINUTE = 10;
const RATE = 240;

const [seed = 1, minutes = 3] = process.argv.slice(2).map(Number);
const writeMinutes = Math.max(minutes - 1, minutes / 2);
const told = (name: string, untold: number): number => Number(process.env[name] ?? untold);
const data = mkdtempSync(join(tmpdir(), 'moraine-feed-postgres-'));
const postgres = await EmbeddedPostgres.start({ data, onExit: (reason) => console.error(reason) });
try {
  const { host = '', port, user = '', database = '' } = postgres.connection;
  const place = `host=${encodeURIComponent(host)}${port === undefined ? '' : `&port=${port}`}`;
  const report = await feedSoak({
    connection: postgres.connection,
    databaseUrl: `postgres://${user}@localhost/${database}?${place}`,
    seed,
    consumerCount: told('FEED_CONSUMERS', CONSUMERS),
    writeMs: writeMinutes * 60_000,
    killCount: told('FEED_KILLS', Math.round(writeMinutes * KILLS_A_MINUTE)),
    rate: told('FEED_RATE', RATE),
  });
  const { wrong, deliveries, refusals } = report;
  const figures = [
    `${told('FEED_CONSUMERS', CONSUMERS)} consumers`,
    `${report.kills} kills`,
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
  await postgres.stop();
  rmSync(data, { recursive: true, force: true });
}
