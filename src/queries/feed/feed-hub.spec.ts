import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { FEED_DEFECTS, type FeedDefect, RandomFeeds } from '../../../test/support/random-feeds.js';

const seed = Number(process.env['SEED'] ?? 20261121);
const HISTORIES = 60;

/** Returns what is wrong with the first history that has a fault. */
async function firstFault(defect?: FeedDefect): Promise<string | undefined> {
  for (let history = 0; history < HISTORIES; history++) {
    const fault = await new RandomFeeds(seed + history, turn, defect).run();
    if (fault !== undefined) return `SEED=${seed + history}: ${fault}`;
  }
  return undefined;
}

describe(`consumers of every speed, in random order (SEED=${seed})`, () => {
  it('are told each event that they ask for, once and in order, over all connections', async () => {
    expect(await firstFault()).toBeUndefined();
  }, 60_000);

  it.each(FEED_DEFECTS)(
    'are seen to be told otherwise when %s',
    async (defect) => {
      expect(await firstFault(defect)).toMatch(/is \d+|never came/);
    },
    60_000,
  );
});
