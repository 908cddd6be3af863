import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { inMemory } from '../support/moraine.js';
import { seed } from '../support/seed.js';
import { histories } from './histories.js';
import { runHistory } from './run-history.js';

const STEPS = 40;
const RUNS = 20;

describe(`random histories in memory, seed ${seed}`, () => {
  it('show what the model shows, after every step, a restart and a rebuild', async () => {
    const moraine = await inMemory();
    await fc.assert(
      fc.asyncProperty(histories(STEPS), (steps) => runHistory(moraine, steps)),
      { seed, numRuns: RUNS },
    );
    await moraine.close();
  }, 60_000);

  it('show the newest word on a path that stands in several tokens', async () => {
    const moraine = await inMemory();
    const branch = 'main';
    const upload = { do: 'upload', branch, path: 'a', body: 'one' } as const;
    const commit = { do: 'commit', branch, allowsEmpty: false } as const;
    // Of a commit that finds nothing new its token stays, below the one where writes go on.
    await runHistory(moraine, [
      upload,
      commit,
      upload,
      commit,
      { do: 'delete', branch, path: 'a' },
    ]);
    await runHistory(moraine, [upload, commit, upload, commit, { ...upload, body: '' }]);
    await moraine.close();
  });
});
