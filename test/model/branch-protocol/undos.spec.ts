import { describe, expect, it } from '@jest/globals';
import { seed } from '../../support/seed.js';
import { explore } from './explore.js';
import { LOG_KINDS } from './node-log.js';

/** Of an ordinary run; `RUNS=` says how many others. */
const RUNS = Number(process.env['RUNS'] ?? 30);

describe(`undo among other operations, in interleavings from SEED=${seed} on`, () => {
  it.each(LOG_KINDS)(
    'keeps the protocol, on a log whose groups are %s',
    async (kind) => {
      const among = { casts: ['undos'], logs: [kind] } as const;
      let steps = 0;
      for (let index = seed; index < seed + RUNS; index++) steps += await explore(index, among);
      expect(steps).toBeGreaterThan(RUNS);
    },
    600_000,
  );
});
