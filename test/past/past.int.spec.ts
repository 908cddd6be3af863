import { describe, it } from '@jest/globals';
import { onPostgres } from '../support/moraine.js';
import { freshDatabase } from '../support/postgres.js';
import { seed } from '../support/seed.js';
import { runPast } from './past-runs.js';

describe(`branches as of any moment on Postgres, seed ${seed}`, () => {
  it('show what a plain model showed then', async () => {
    const database = await freshDatabase();
    const moraine = await onPostgres(database);
    await runPast(moraine, seed, { steps: 30, checked: 5 });
    await moraine.close();
    await database.drop();
  }, 120_000);
});
