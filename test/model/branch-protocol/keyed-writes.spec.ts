import { describe, expect, it } from '@jest/globals';
import { seed } from '../../support/seed.js';
import { explore, Found } from './explore.js';
import { firstFault, withoutEffect, withoutGuard } from './keyed-defects.js';
import { exploreKeyed } from './keyed-writes.js';

const RUNS = 250;

describe(`a write under a key, in interleavings from SEED=${seed} on`, () => {
  it('lands once, and everybody who sent it is told the same', async () => {
    for (let at = seed; at < seed + RUNS; at++) await exploreKeyed(at);
  }, 60_000);

  it('would land over another one without the guard of an early look', async () => {
    const fault = await firstFault((at) => exploreKeyed(at, withoutGuard));
    expect(String(fault)).toMatch(/lands over what is there|taken, and it is by this very request/);
  }, 60_000);

  it('would land twice if its effect were not noted with it', async () => {
    await expect(firstFault((at) => exploreKeyed(at, withoutEffect))).resolves.toBeDefined();
  }, 60_000);
});

describe(`a write on a condition, in interleavings from SEED=${seed} on`, () => {
  it('would land over another one without its guard', async () => {
    const fault = await firstFault((at) =>
      explore(at, { log: withoutGuard, casts: ['conditional puts'] }),
    );
    expect(fault).toBeInstanceOf(Found);
    expect(String(fault)).toContain('lands over what is there');
  }, 60_000);
});
