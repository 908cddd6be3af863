import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Adapters } from '../../src/app/adapters.module.js';
import type { RepositoryId } from '../../src/domain/model.js';
import type { Clock } from '../../src/ports/clock.js';
import { ListRepositories } from '../../src/queries/list-repositories.js';
import { FAILPOINTS, FAILPOINTS_OF, type Failpoint } from '../../src/shared/failpoint.js';
import { importsBeside, nodeOn, type TestMoraine } from '../support/moraine.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { Cut } from './cut-node.js';
import { assertKept, rowsOfRepository, Workload } from './workload.js';

let database: TestDatabase;
let folder: string;

beforeEach(async () => {
  database = await freshDatabase();
  folder = await mkdtemp(join(tmpdir(), 'moraine-cut-'));
});

afterEach(async () => {
  await database.drop();
  for (const each of [folder, importsBeside(folder)]) {
    await rm(each, { recursive: true, force: true });
  }
});

async function isHidden(node: TestMoraine, repository: RepositoryId): Promise<boolean> {
  const page = { after: '', amount: 1 };
  const { items } = await node.ask(new ListRepositories(page, { prefix: repository, search: '' }));
  return items.length === 0;
}

/** Met only while a process starts: test/kill cuts real ones there. */
const OF_A_START: readonly Failpoint[] = FAILPOINTS_OF.restart;

const inWork = FAILPOINTS.filter((name) => !OF_A_START.includes(name));

/** Until nobody else has said a sign of life for this long, its jobs are its own. */
const AHEAD_MS = 60_000;

/** A node by whose clock the other one has long been silent. */
const later = (adapters: Adapters): Adapters => {
  const { clock } = adapters;
  const nowMs = () => clock.nowMs() + AHEAD_MS;
  const sleep: Clock['sleep'] = (ms, signal) => clock.sleep(ms, signal);
  return { ...adapters, clock: { nowMs, sleep } };
};

describe('the failpoints', () => {
  it('are at least 25, and three of each kind of step that must be finished', () => {
    expect(FAILPOINTS.length).toBeGreaterThan(25);
    expect(new Set(FAILPOINTS).size).toBe(FAILPOINTS.length);
    const { append, rotation, intent, range, completion, drop, block, restart } = FAILPOINTS_OF;
    const { repository } = FAILPOINTS_OF;
    const wanted = [append, rotation, intent, range, completion, drop, block, restart, repository];
    for (const names of wanted) expect(names.length).toBeGreaterThanOrEqual(3);
  });
});

describe('a node that is cut off while work is in flight', () => {
  it.each(inWork)(
    'at %s loses nothing, and another node finishes what it left',
    async (name) => {
      const { connection } = database;
      const cut = new Cut(name, 1);
      const cutNode = await nodeOn({ connection, folder }, (adapters) => cut.wrap(adapters));
      const workload = new Workload(cutNode, importsBeside(folder));
      await workload.prepare();
      cut.arm();
      workload.start();
      await Promise.race([cut.reached, workload.isThrough]);
      cut.forget();
      expect({ name, isCut: cut.isCut }).toEqual({ name, isCut: true });
      expect(workload.unansweredCount).toBeGreaterThan(0);

      const other = await nodeOn({ connection, folder }, later);
      await other.sweep();
      await other.finishJobs();
      await other.sweep();
      await assertKept(other, workload);
      // A deletion that was hidden from its caller is through all the same, or never began.
      if (await isHidden(other, workload.doomed)) {
        expect(await rowsOfRepository(database, workload.doomedUid)).toEqual([]);
      }
      await other.close();
      cut.end();
      await cutNode.close();
    },
    30_000,
  );
});
