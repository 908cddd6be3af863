import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FAILPOINTS_OF, type Failpoint } from '../../src/shared/failpoint.js';
import { FAULTS, runOverProcesses } from '../linear/over-processes.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { seed } from '../support/seed.js';
import { SeededRandom } from '../support/seeded-random.js';
import { Cluster } from './cluster.js';
import { SEEN_ELSEWHERE } from './seen-elsewhere.js';
import { Stalls, STALL_MS_MAX, stoppable, STOPS } from './stalls.js';

const OPERATIONS = 600;
let database: TestDatabase;
let folder: string;
let stopAt: string;
let cluster: Cluster;
let names = 0;

beforeAll(async () => {
  database = await freshDatabase();
  folder = await mkdtemp(join(tmpdir(), 'moraine-import-'));
  stopAt = join(folder, 'stop-at');
  const { host = '', user = '', database: name = '' } = database.connection;
  const place = { socketFolder: host, port: 5432, user, database: name };
  cluster = await Cluster.start(place, 2, {
    MORAINE_IMPORT_ENABLED: 'true',
    MORAINE_IMPORT_FOLDERS: folder,
    ...stoppable(stopAt),
  });
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

describe('what one node has answered is seen by the other', () => {
  it.each(SEEN_ELSEWHERE)('of %s', async (_, see) => {
    for (const round of [0, 1]) {
      const [here, there] = [cluster.member(round).calls, cluster.member(round + 1).calls];
      await see({ here, there, name: `seen-${++names}`, imports: folder });
    }
  });
});

describe('a node that stands still, or dies, keeps nobody waiting at the other', () => {
  const random = new SeededRandom(seed);
  const isOften = (name: Failpoint): boolean => !name.startsWith('merge.');
  const groups = Object.values(FAILPOINTS_OF).map((group: readonly Failpoint[]) =>
    group.filter((name) => STOPS.includes(name) && isOften(name)),
  );
  const stopped = groups.filter(({ length }) => length > 0).map((group) => random.pick(group));
  const rounds = [
    ...stopped.map((at) => [at, 'SIGSTOP'] as const),
    ...[random.pick(stopped), random.pick(stopped)].map((at) => [at, 'SIGKILL'] as const),
  ];

  it(`wherever a request comes through, SEED=${seed}`, async () => {
    const query: TestDatabase['query'] = (sql) => database.query(sql);
    const stalls = await Stalls.over(cluster, query, stopAt);
    let reached = 0;
    for (const [at, way] of rounds) {
      const stall = await stalls.measure(at, 1, way);
      const told = `${way} at ${at}: ${stall.worst} ${stall.worstMs.toFixed(0)} ms`;
      process.stderr.write(`${told}, the machine was late by ${stall.lateMs.toFixed(0)} ms\n`);
      expect([at, way, stall.faults]).toEqual([at, way, []]);
      expect([stall, stall.worstMs - stall.lateMs < STALL_MS_MAX]).toEqual([stall, true]);
      // Some places are not on every way.
      if (!stall.isReached) continue;
      reached++;
      expect(stall.underWay).toBeGreaterThan(1);
    }
    expect(reached).toBeGreaterThanOrEqual(rounds.length - 2);
  }, 300_000);
});

describe('histories of sixteen clients on two nodes of a process each', () => {
  it.each(FAULTS)(
    `are linearizable when this goes wrong: %s, SEED=${seed}`,
    async (fault) => {
      const clientCount = 16;
      const load = { seed, clientCount, operationCount: OPERATIONS, fault, imports: folder };
      const judged = await runOverProcesses(cluster, (...of) => database.query(...of), load);
      expect(judged.violations).toEqual([]);
      expect(judged.answered).toBeGreaterThanOrEqual(OPERATIONS);
    },
    120_000,
  );
});
