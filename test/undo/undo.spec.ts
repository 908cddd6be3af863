import { describe, expect, it } from '@jest/globals';
import { allProjections } from '../../src/projections/all-projections.js';
import { inMemory } from '../support/moraine.js';
import { seed } from '../support/seed.js';
import { SeededRandom } from '../support/seeded-random.js';
import { UndoHistory, type UndoneCounts } from './undo-history.js';

/** Of an ordinary run; `HISTORIES=` says how many others. */
const HISTORIES = Number(process.env['HISTORIES'] ?? 2);
const STEPS = 40;

describe(`random histories in memory whose operations are undone, seed ${seed}`, () => {
  it('show what they showed before each operation, and after it when that is undone', async () => {
    const moraine = await inMemory();
    const random = new SeededRandom(seed);
    const undone: UndoneCounts = new Map();
    for (let at = 0; at < HISTORIES; at++) {
      await new UndoHistory(moraine, random, undone).run(STEPS);
    }
    for (const { name } of allProjections) {
      const { differing } = await moraine.rebuilder.rebuild(name, { swap: true });
      expect({ name, differing }).toEqual({ name, differing: [] });
    }
    expect(undone.get('commit')).toBeGreaterThan(0);
    expect(undone.size).toBeGreaterThan(4);
    await moraine.close();
  }, 600_000);
});
