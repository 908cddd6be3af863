import { describe, expect, it } from '@jest/globals';
import { exhaust } from './exhaust.js';
import { NAMED, named, type NamedScenario } from './named-scenarios.js';
import { LOG_KINDS } from './node-log.js';

/** Of each scenario; `npm run soak -- --only branch-protocol` goes through all of them. */
const RUNS = 3;

const names = Object.keys(NAMED) as NamedScenario[];

describe.each(LOG_KINDS)('every order of whole calls, on a log whose groups are %s', (kind) => {
  it.each(names)('keeps the protocol, of %s', async (name) => {
    const bounds = { preemptionsMax: 0, runsMax: RUNS };
    const { count, isAll } = await exhaust(named(name, kind), bounds);
    expect(isAll || count === RUNS).toBe(true);
  });

  it('keeps it too where a thread is left once in the middle', async () => {
    const bounds = { preemptionsMax: 1, runsMax: 20 };
    const { count } = await exhaust(named('2 put, removal, commit, listing', kind), bounds);
    expect(count).toBe(20);
  });

  it('keeps it when an append gets no answer, whichever', async () => {
    const scenario = named('1 put, put, commit, commit', kind);
    for (let at = 0; at < 6; at++) {
      for (const fate of ['answer-lost', 'late', 'lost'] as const) {
        const fault = { at, fate, isGivenUp: at % 2 === 0 };
        await exhaust(scenario, { preemptionsMax: 0, runsMax: 1 }, { fault });
      }
    }
  });
});
