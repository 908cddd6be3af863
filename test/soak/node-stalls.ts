// Three nodes on one Postgres, of which the first one is stopped at each failpoint of an append in
// turn, held up and killed, for so many minutes; a line of JSON at the end says what came of it.
//
//   node scripts/run-ts.js test/soak/node-stalls.ts <seed> <minutes>
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { EmbeddedPostgres } from '../../src/app/embedded-postgres.js';
import { FAILPOINTS_OF, type Failpoint } from '../../src/shared/failpoint.js';
import { Cluster } from '../nodes/cluster.js';
import { STALL_MS_MAX, Stalls, stoppable, type Way } from '../nodes/stalls.js';
import { SeededRandom } from '../support/seeded-random.js';

const [seed = 1, minutes = 1] = process.argv.slice(2).map(Number);
const NODES = 3;
const NTH_MAX = 3;
const WAYS: readonly Way[] = ['SIGSTOP', 'SIGKILL'];
const untilMs = performance.now() + minutes * 60_000;
const random = new SeededRandom(seed);
/** By place and way: the longest that anything took elsewhere. */
const worst = new Map<string, number>();
const missed = new Set<string>();
const wrong: string[] = [];
let [count, lateMs] = [0, 0];

type Query = <Row extends object>(sql: string) => Promise<readonly Row[]>;

async function stop(stalls: Stalls, at: Failpoint, way: Way): Promise<void> {
  const stall = await stalls.measure(at, 1 + random.below(NTH_MAX), way);
  const name = `${way} at ${at}`;
  if (!stall.isReached) return void missed.add(name);
  missed.delete(name);
  count++;
  // A busy machine is nobody's stall.
  const ms = Math.max(0, stall.worstMs - stall.lateMs);
  lateMs = Math.max(lateMs, stall.lateMs);
  worst.set(name, Math.max(worst.get(name) ?? 0, ms));
  wrong.push(...stall.faults.map((fault) => `${name}: ${fault}`));
  if (ms >= STALL_MS_MAX) wrong.push(`${name}: ${stall.worst} took ${ms.toFixed(0)} ms elsewhere`);
}

const data = mkdtempSync(join(tmpdir(), 'moraine-stalls-'));
const postgres = await EmbeddedPostgres.start({ data, onExit: (reason) => console.error(reason) });
const { host = '', port = 5432, user = '', database = '' } = postgres.connection;
const client = new Client(postgres.connection);
await client.connect();
const stopAt = join(data, 'stop-at');
try {
  const place = { socketFolder: host, port, user, database };
  const cluster = await Cluster.start(place, NODES, stoppable(stopAt));
  try {
    const query: Query = async (sql) => (await client.query(sql)).rows;
    const stalls = await Stalls.over(cluster, query, stopAt);
    while (performance.now() < untilMs && wrong.length === 0) {
      for (const at of FAILPOINTS_OF.append) {
        for (const way of WAYS) {
          if (performance.now() < untilMs && wrong.length === 0) await stop(stalls, at, way);
        }
      }
    }
  } finally {
    await cluster.stop();
  }
} catch (error) {
  wrong.push(String(error));
} finally {
  await client.end();
  await postgres.stop();
  rmSync(data, { recursive: true, force: true });
}
const told = [...worst].map(([name, ms]) => `${name} ${ms.toFixed(0)} ms`).join(', ');
const rest = missed.size > 0 ? `; not reached: ${[...missed].join(', ')}` : '';
const said = `${told}; the machine was late by ${lateMs.toFixed(0)} ms${rest}`;
const verdict = wrong.length === 0 ? 'ok' : 'failed';
console.log(
  JSON.stringify({ count, verdict, detail: wrong.length > 0 ? `${wrong[0]}; ${said}` : said }),
);
