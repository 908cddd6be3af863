// Histories over two processes, in turn with stops of one of them, and with histories in memory,
// from a seed on, for so many minutes; a line of JSON at the end says what came of it.
//
//   node scripts/run-ts.js test/soak/linear.ts <seed> <minutes>
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { EmbeddedPostgres } from '../../src/app/embedded-postgres.js';
import { FAULTS as MEMORY_FAULTS } from '../linear/faulty-node.js';
import { runWithFault } from '../linear/in-memory.js';
import { FAULTS, runOverProcesses } from '../linear/over-processes.js';
import { Cluster } from '../nodes/cluster.js';
import { STALL_MS_MAX, Stalls, stoppable, STOPS } from '../nodes/stalls.js';
import { SeededRandom } from '../support/seeded-random.js';

const [seed = 1, minutes = 1] = process.argv.slice(2).map(Number);
const CLIENTS = 16;
const OPERATIONS = 2_000;
const STOPS_A_TURN = 3;
const untilMs = performance.now() + minutes * 60_000;
const random = new SeededRandom(seed);
const done = { histories: 0, operations: 0, unknown: 0, stops: 0, worstMs: 0, worst: '' };
const wrong: string[] = [];

type Query = <Row extends object>(sql: string, of?: readonly unknown[]) => Promise<readonly Row[]>;

async function histories(cluster: Cluster, query: Query, of: number): Promise<void> {
  const load = { seed: of, clientCount: CLIENTS, operationCount: OPERATIONS };
  const fault = FAULTS[of % FAULTS.length] ?? 'none';
  const memoryFault = MEMORY_FAULTS[of % MEMORY_FAULTS.length] ?? 'none';
  const judged = [
    { how: fault, ...(await runOverProcesses(cluster, query, { ...load, fault, imports })) },
    { how: memoryFault, ...(await runWithFault(load, memoryFault)) },
  ];
  for (const { how, violations, answered, unknown } of judged) {
    done.histories++;
    done.operations += answered + unknown;
    done.unknown += unknown;
    wrong.push(...violations.map((each) => `SEED=${of} ${how}: ${each}`));
  }
}

async function stops(stalls: Stalls): Promise<void> {
  const at = random.pick(STOPS);
  const way = random.below(4) === 0 ? 'SIGKILL' : 'SIGSTOP';
  const stall = await stalls.measure(at, 1 + random.below(3), way);
  if (!stall.isReached) return;
  done.stops++;
  const ms = stall.worstMs - stall.lateMs;
  const told = `${stall.worst}, ${way} at ${at}`;
  if (ms > done.worstMs) [done.worstMs, done.worst] = [ms, told];
  wrong.push(...stall.faults.map((fault) => `${way} at ${at}: ${fault}`));
  if (ms >= STALL_MS_MAX) wrong.push(`stalled for ${ms.toFixed(0)} ms: ${told}`);
}

const data = mkdtempSync(join(tmpdir(), 'moraine-linear-'));
const imports = mkdtempSync(join(tmpdir(), 'moraine-import-'));
const postgres = await EmbeddedPostgres.start({ data, onExit: (reason) => console.error(reason) });
const { host = '', port = 5432, user = '', database = '' } = postgres.connection;
const client = new Client(postgres.connection);
await client.connect();
const query: Query = async (sql, of) => (await client.query(sql, of && [...of])).rows;
const place = { socketFolder: host, port, user, database };
const stopAt = join(data, 'stop-at');
const environment = {
  MORAINE_IMPORT_ENABLED: 'true',
  MORAINE_IMPORT_FOLDERS: imports,
  ...stoppable(stopAt),
};
try {
  const cluster = await Cluster.start(place, 2, environment);
  try {
    const stalls = await Stalls.over(cluster, query, stopAt);
    for (let of = seed; performance.now() < untilMs && wrong.length === 0; of++) {
      await histories(cluster, query, of);
      for (let turn = 0; turn < STOPS_A_TURN; turn++) await stops(stalls);
    }
  } finally {
    await cluster.stop();
  }
} finally {
  await client.end();
  await postgres.stop();
  for (const folder of [data, imports]) rmSync(folder, { recursive: true, force: true });
}
const { operations, unknown, stops: count, worstMs, worst } = done;
const detail =
  `${operations} operations (${unknown} unknown), ${count} stops, ` +
  `worst stall ${worstMs.toFixed(0)} ms: ${worst}`;
const verdict = wrong.length === 0 ? 'ok' : 'failed';
console.log(JSON.stringify({ count: done.histories, verdict, detail: wrong[0] ?? detail }));
