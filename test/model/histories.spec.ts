import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { BranchId } from '../../src/domain/model.js';
import { BranchesView } from '../../src/projections/branches.view.js';
import { RepositoriesView } from '../../src/projections/repositories.view.js';
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
      fc.asyncProperty(histories(STEPS), async (steps) => {
        await runHistory(moraine, steps);
      }),
      { seed, numRuns: RUNS },
    );
    await moraine.close();
  }, 60_000);

  it('show what comes behind a commit that found nothing', async () => {
    const moraine = await inMemory();
    const branch = 'main';
    const upload = { do: 'upload', branch, path: 'a', body: 'one' } as const;
    const commit = { do: 'commit', branch, allowsEmpty: false } as const;
    // The same content again: its token goes with the commit that finds no changes.
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

  it('leave no token behind, however often a commit finds nothing', async () => {
    const moraine = await inMemory();
    const branch = 'main';
    const commit = { do: 'commit', branch, allowsEmpty: false } as const;
    const upload = { do: 'upload', branch, path: 'a', body: 'one' } as const;
    const repository = await runHistory(moraine, [
      upload,
      ...Array.from({ length: 20 }, () => commit),
    ]);
    const { uid } = await new RepositoriesView(moraine.adapters.kv).get(repository);
    const row = await new BranchesView(moraine.adapters.kv).get(uid, branch as BranchId);
    expect(row && row.tokens.hi - row.tokens.lo).toBe(0);
    await moraine.close();
  });
});
