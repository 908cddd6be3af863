import { describe, it } from '@jest/globals';
import { onPostgres } from '../support/moraine.js';
import { freshDatabase } from '../support/postgres.js';
import { seed } from '../support/seed.js';
import { SeededRandom } from '../support/seeded-random.js';
import { UndoHistory } from './undo-history.js';

const STEPS = 12;

describe(`a random history on Postgres whose operations are undone, seed ${seed}`, () => {
  it('shows what it showed before each operation, and after it when that is undone', async () => {
    const database = await freshDatabase();
    const moraine = await onPostgres(database);
    await new UndoHistory(moraine, new SeededRandom(seed), new Map()).run(STEPS);
    await moraine.close();
    await database.drop();
  }, 120_000);
});
