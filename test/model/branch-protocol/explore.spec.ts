import { describe, expect, it } from '@jest/globals';
import { seed } from '../../support/seed.js';
import { explore } from './explore.js';

/** Interleavings of an ordinary run; `npm run soak` goes on for as long as it is told. */
const RUNS = 600;
const AT_ONCE = 200;

describe(`the branch protocol, in interleavings from SEED=${seed} on`, () => {
  for (let from = 0; from < RUNS; from += AT_ONCE) {
    it(`holds in those from ${from} to ${from + AT_ONCE}`, async () => {
      let steps = 0;
      for (let index = from; index < from + AT_ONCE; index++) steps += await explore(seed + index);
      expect(steps).toBeGreaterThan(AT_ONCE);
    }, 60_000);
  }
});
