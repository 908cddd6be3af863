import { describe, expect, it } from '@jest/globals';
import { seed } from '../../support/seed.js';
import { defects, type Defect } from './defects.js';
import { explore, Found } from './explore.js';
import { LOG_KINDS } from './node-log.js';

/** Interleavings in which a defect must have shown. */
const RUNS_MAX = 4_000;
/** Runs of the same seeds without it, which must be clean. */
const CLEAN_RUNS = 4;

describe(`a planted defect is found, in interleavings from SEED=${seed} on`, () => {
  const planted = Object.entries(defects).flatMap(([name, defect]) =>
    (defect.logs ?? LOG_KINDS).map((kind) => [name, kind, defect] as const),
  );
  it.each(planted)('when %s, on a log whose groups are %s', async (_, kind, defect) => {
    const { casts, isBatched } = defect;
    const among = {
      logs: [kind],
      ...(casts && { casts }),
      ...(isBatched !== undefined && { isBatched }),
    };
    const runs = await runsUntilFound({ ...defect, ...among });
    expect(runs).toBeLessThanOrEqual(RUNS_MAX);
    const from = seed + Math.max(0, runs - CLEAN_RUNS);
    for (let at = from; at < from + CLEAN_RUNS; at++) {
      await expect(explore(at, among)).resolves.toBeGreaterThan(0);
    }
  });
});

/** Returns how many interleavings it took; more than there may be when it was not found. */
async function runsUntilFound(defect: Defect): Promise<number> {
  for (let runs = 1; runs <= RUNS_MAX; runs++) {
    try {
      await explore(seed + runs - 1, defect);
    } catch (error) {
      expect(error).toBeInstanceOf(Found);
      return runs;
    }
  }
  return RUNS_MAX + 1;
}
