import { describe, expect, it } from '@jest/globals';
import { seed } from '../support/seed.js';
import { SeededRandom } from '../support/seeded-random.js';
import { runInMemory } from './in-memory.js';
import { DEFECTS } from './planted/all.js';
import type { Defect } from './planted/defect.js';

/** Each is caught from the first on, and with none of them is anything found without. */
const STORED = [3, 4, 5, 6];
const OPERATIONS = 1_000;
// CPU time: by the clock a busy machine would tell about itself.
const CAUGHT_CPU_MS_MAX = 60_000;
const CLOCK_MS_MAX = 240_000;

const load = (of: number) => ({ seed: of, clientCount: 16, operationCount: OPERATIONS });

/** Runs histories with a defect until the judge finds fault with one. */
async function catchIt(defect: Defect, seeds: Iterable<number>): Promise<string | undefined> {
  const started = process.cpuUsage();
  for (const of of seeds) {
    const { violations, strikeCount } = await runInMemory(load(of), defect);
    const { user, system } = process.cpuUsage(started);
    const tookMs = (user + system) / 1000;
    if (violations.length > 0) {
      // Rather what a client saw than what only the log shows.
      const seen = violations.find((each) => each.includes(' client ')) ?? violations[0];
      const how = `${violations.length} violations of ${strikeCount} strikes`;
      const when = `seed ${of}, ${tookMs.toFixed(0)} ms of CPU`;
      return `${defect.name}: ${when}, ${how}: ${seen?.slice(0, 200)}`;
    }
    if (tookMs > CAUGHT_CPU_MS_MAX) break;
  }
  return undefined;
}

function* from(first: number): Generator<number> {
  for (let next = first; ; next++) yield next;
}

describe('histories of sixteen clients on two nodes', () => {
  it.each(STORED)('are linearizable: seed %d', async (of) => {
    const { violations, answered, unknown } = await runInMemory(load(of));
    expect(violations).toEqual([]);
    expect(answered).toBeGreaterThanOrEqual(OPERATIONS);
    expect(unknown).toBe(0);
  });

  it(`are linearizable: SEED=${seed}`, async () => {
    expect((await runInMemory(load(seed))).violations).toEqual([]);
  });

  it.each(DEFECTS)(
    'are not when $name',
    async (defect) => {
      const how = await catchIt(defect, from(STORED[0] ?? 1));
      expect(how).toBeDefined();
      process.stderr.write(`${how}\n`);
    },
    CLOCK_MS_MAX,
  );

  it(
    `show the defect that the run has chosen: SEED=${seed}`,
    async () => {
      const how = await catchIt(new SeededRandom(seed).pick(DEFECTS), from(seed));
      expect(how).toBeDefined();
      process.stderr.write(`${how}\n`);
    },
    CLOCK_MS_MAX,
  );
});
