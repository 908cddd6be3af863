import { describe, expect, it } from '@jest/globals';
import type { StreamAppend } from '../../../src/ports/event-log.js';
import { seed } from '../../support/seed.js';
import { exploreProtection } from './explore-protection.js';
import { ForwardingLog } from './forwarding-log.js';

const RUNS = 120;

/** Says that writes are blocked, and leaves the token open: what closing alone is there for. */
class LeavesTokensOpen extends ForwardingLog {
  override append(...[appends, context]: Parameters<ForwardingLog['append']>) {
    const isBlocking = appends.some(({ events }) =>
      events.some(({ type }) => type === 'WritesBlocked'),
    );
    const kept = appends.filter(({ events }) => !(isBlocking && isClosing(events)));
    return this.log.append(kept, context);
  }
}

const isClosing = (events: StreamAppend['events']) =>
  events.some(({ type }) => type === 'TokenClosed');

describe(`rules on branches, in interleavings from SEED=${seed} on`, () => {
  it('hold from their answer on, against writers, committers and new branches', async () => {
    let steps = 0;
    for (let index = 0; index < RUNS; index++) steps += await exploreProtection(seed + index);
    expect(steps).toBeGreaterThan(RUNS);
  }, 60_000);

  it('would not, if the token of a blocked branch stayed open', async () => {
    const finds = async () => {
      for (let index = 0; index < RUNS; index++) {
        await exploreProtection(seed + index, { log: (log) => new LeavesTokensOpen(log) });
      }
    };
    await expect(finds()).rejects.toThrow('H7, H8');
  }, 60_000);
});
