import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { onPostgres } from '../support/moraine.js';
import { freshDatabase } from '../support/postgres.js';
import { seed } from '../support/seed.js';
import { histories } from './histories.js';
import { runHistory } from './run-history.js';

const STEPS = 25;
const RUNS = 8;

describe(`random histories on Postgres, seed ${seed}`, () => {
  it('show what the model shows, after every step, a restart and a rebuild', async () => {
    const database = await freshDatabase();
    const moraine = await onPostgres(database);
    await fc.assert(
      fc.asyncProperty(histories(STEPS), async (steps) => {
        await runHistory(moraine, steps);
      }),
      { seed, numRuns: RUNS },
    );
    await moraine.close();
    await database.drop();
  }, 180_000);
});
