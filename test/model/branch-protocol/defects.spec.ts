import { describe, expect, it } from '@jest/globals';
import { seed } from '../../support/seed.js';
import { defects } from './defects.js';
import { explore, Found } from './explore.js';

/** Interleavings in which a defect must have shown. */
const RUNS_MAX = 4_000;
/** Runs of the same seeds without it, which must be clean. */
const CLEAN_RUNS = 10;

describe(`a planted defect is found, in interleavings from SEED=${seed} on`, () => {
  for (const [name, defect] of Object.entries(defects)) {
    it(`when ${name}`, async () => {
      let runs = 0;
      let found: unknown;
      while (found === undefined && runs < RUNS_MAX) {
        found = await explore(seed + runs++, defect).then(
          () => undefined,
          (error: unknown) => error,
        );
      }
      expect(found).toBeInstanceOf(Found);
      const from = seed + runs - CLEAN_RUNS;
      const sameCasts = defect.casts ? { casts: defect.casts } : {};
      for (let at = from; at < from + CLEAN_RUNS; at++) {
        await expect(explore(at, sameCasts)).resolves.toBeGreaterThan(0);
      }
    }, 60_000);
  }
});
