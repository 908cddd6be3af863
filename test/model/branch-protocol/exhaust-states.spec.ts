import { describe, expect, it } from '@jest/globals';
import { defects } from './defects.js';
import { exhaustStates } from './exhaust-states.js';
import { Found } from './explore.js';
import { small, type SmallScenario } from './named-scenarios.js';
import { LOG_KINDS, type LogKind } from './node-log.js';

/** Planted defects, and a scenario that shows each within so few runs. */
const FOUND_BY: readonly (readonly [string, SmallScenario, LogKind])[] = [
  ['the next token is opened before the old one is closed', 'put, commit', 'whole'],
  ['the next token is opened before the old one is closed', 'put, commit', 'stepwise'],
  ['a result is appended without an expected revision', 'put, commit, merge', 'whole'],
  ['a result is appended without an expected revision', 'commit, undo', 'stepwise'],
  ['a request is made before its token is closed', 'put, commit', 'stepwise'],
  ['rows are dropped as soon as their token is closed', 'put, commit', 'whole'],
  ['what was sent is taken for what stands', 'put if absent, put, merge', 'stepwise'],
  ['a successor is named without an expected revision', 'put, commit', 'whole'],
];
const RUNS_MAX = 100;
const UNKNOWN_RUNS = 60;

/** All of the small scenarios: `npm run soak -- --only branch-states`. */
describe('every order of all steps', () => {
  it('of a write and a commit keeps the protocol', async () => {
    const { isAll, states } = await exhaustStates(small('put, commit', 'whole'), {
      runsMax: 1_000,
    });
    expect([isAll, states > 100]).toEqual([true, true]);
  });

  it('keeps it wherever one or both of them die', async () => {
    const bounds = { runsMax: 2_000, deathsMax: 2 };
    const { isAll, states } = await exhaustStates(small('put, commit', 'whole'), bounds);
    expect([isAll, states > 200]).toEqual([true, true]);
  });

  it.each(LOG_KINDS)(
    'keeps it in its first ones with an unknown outcome, groups %s',
    async (kind) => {
      const bounds = { runsMax: UNKNOWN_RUNS, deathsMax: 1, unknownsMax: 1 };
      const { runs } = await exhaustStates(small('put, commit', kind), bounds);
      expect(runs).toBe(UNKNOWN_RUNS);
    },
  );

  it.each(FOUND_BY)('shows it when %s, in %s', async (defect, name, kind) => {
    const trying = exhaustStates(small(name, kind), { runsMax: RUNS_MAX }, defects[defect]);
    await expect(trying).rejects.toThrow(Found);
  });
});
