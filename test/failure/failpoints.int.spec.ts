import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RepositoryId } from '../../src/domain/model.js';
import { ListRepositories } from '../../src/queries/list-repositories.js';
import { FAILPOINTS, type Failpoint } from '../../src/shared/failpoint.js';
import { nodeOn, type TestMoraine } from '../support/moraine.js';
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
  await rm(folder, { recursive: true, force: true });
});

async function isHidden(node: TestMoraine, repository: RepositoryId): Promise<boolean> {
  const page = { after: '', amount: 1 };
  const { items } = await node.ask(new ListRepositories(page, { prefix: repository, search: '' }));
  return items.length === 0;
}

/** Which times it is cut at: how often a place is reached is up to how work falls together. */
const timesOf = (name: Failpoint): readonly number[] => {
  if (/^(write|block)\./.test(name)) return [1, 5];
  return name.startsWith('intent.') ? [1, 2] : [1];
};

describe('a node that is cut off while work is in flight', () => {
  it.each(FAILPOINTS.flatMap((name) => timesOf(name).map((nth) => [name, nth] as const)))(
    'at %s, for the time number %d, loses nothing, and another node finishes what it left',
    async (name, nth) => {
      const { connection } = database;
      const cut = new Cut(name, nth);
      const cutNode = await nodeOn({ connection, folder }, (adapters) => cut.wrap(adapters));
      const workload = new Workload(cutNode);
      await workload.prepare();
      cut.arm();
      workload.start();
      await Promise.race([cut.reached, workload.isThrough]);
      cut.forget();
      expect({ name, nth, isCut: cut.isCut }).toEqual({ name, nth, isCut: true });
      expect(workload.unansweredCount).toBeGreaterThan(0);

      const other = await nodeOn({ connection, folder });
      await other.sweep();
      await other.sweep();
      await assertKept(other, workload);
      // A deletion that was hidden from its caller is through all the same, or never began.
      if (await isHidden(other, workload.doomed)) {
        expect(await rowsOfRepository(database, workload.doomedUid)).toEqual([]);
      }
      await other.close();
      await cutNode.close();
    },
    30_000,
  );
});
