import { describe, it } from '@jest/globals';
import { inMemory } from '../support/moraine.js';
import { seed } from '../support/seed.js';
import { runPast } from './past-runs.js';

const RUNS = 3;

describe(`branches as of any moment, seed ${seed}`, () => {
  it.each(Array.from({ length: RUNS }, (_, run) => seed + run))(
    'show what a plain model showed then, what was not committed too: history %d',
    async (each) => {
      const moraine = await inMemory();
      await runPast(moraine, each, { steps: 70, checked: 20 });
      await moraine.close();
    },
    60_000,
  );
});
