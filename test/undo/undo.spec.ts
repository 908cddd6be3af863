import { describe, expect, it } from '@jest/globals';
import { inMemory } from '../support/moraine.js';
import { seed } from '../support/seed.js';
import { SeededRandom } from '../support/seeded-random.js';
import { allProjections } from '../../src/projections/all-projections.js';
import { UndoHistory, type UndoneCounts } from './undo-history.js';

const HISTORIES = Number(process.env['HISTORIES'] ?? 6);
const STEPS = 40;

describe(`random histories in memory whose operations are undone, seed ${seed}`, () => {
  it('show what they showed before each operation, and after it when that is undone', async () => {
    const moraine = await inMemory();
    const random = new SeededRandom(seed);
    const undone: UndoneCounts = new Map();
    for (let at = 0; at < HISTORIES; at++)
      await new UndoHistory(moraine, random, undone).run(STEPS);
    for (const { name } of allProjections) {
      const { differing } = await moraine.rebuilder.rebuild(name, { swap: true });
      expect({ name, differing }).toEqual({ name, differing: [] });
    }
    const kinds = [
      'cherry-pick',
      'commit',
      'delete',
      'hard-reset',
      'merge',
      'reset',
      'revert',
      'tag',
    ];
    expect([...undone.keys()].sort()).toEqual(kinds);
    await moraine.close();
  }, 120_000);
});
