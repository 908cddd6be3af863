import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inDatabase } from '../crash/cluster.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { seed } from '../support/seed.js';
import { SeededRandom } from '../support/seeded-random.js';
import { CutAppends, CUTS } from './cut-appends.js';

const CUT_COUNT = 256;
/** Side by side, each in a database of its own: most of a cut is waiting for a session to end. */
const LANES = 8;

let databases: TestDatabase[];
let lanes: CutAppends[];

beforeAll(async () => {
  databases = await Promise.all(Array.from({ length: LANES }, () => freshDatabase()));
  lanes = await Promise.all(
    databases.map(async ({ connection }) => {
      const lane = await CutAppends.open(connection, `${connection.host}/.s.PGSQL.5432`);
      await inDatabase(connection, (client) => lane.prepare(client));
      return lane;
    }),
  );
}, 60_000);
afterAll(async () => {
  await Promise.all(lanes.map((lane) => lane.close()));
  await Promise.all(databases.map((database) => database.drop()));
});

describe(`an append whose connection is cut at one byte (SEED=${seed})`, () => {
  it('is in once, and its caller is told so, or asks again and is told then', async () => {
    const random = new SeededRandom(seed);
    const step = CUTS.length / CUT_COUNT;
    const cuts = Array.from(
      { length: CUT_COUNT },
      (_, at) => CUTS[Math.floor(at * step) + random.below(Math.floor(step))],
    ).values();
    const work = async (lane: CutAppends): Promise<void> => {
      for (const cut of cuts) if (cut) await lane.cut(cut);
    };
    await Promise.all(lanes.map(work));
    for (const [at, { connection }] of databases.entries()) {
      await inDatabase(connection, async (client) => lanes[at]?.verify(client));
    }
    const sum = (count: (lane: CutAppends) => number) =>
      lanes.reduce((all, lane) => all + count(lane), 0);
    expect(lanes.flatMap(({ wrong }) => wrong)).toEqual([]);
    // Each fell into its call; some appends were in by then, and some callers were left alone.
    expect(sum(({ cutCount }) => cutCount)).toBe(CUT_COUNT);
    expect(sum(({ repeatedCount }) => repeatedCount)).toBeGreaterThan(CUT_COUNT / 2);
    expect(sum(({ unknownCount }) => unknownCount)).toBeGreaterThan(0);
  }, 120_000);
});
