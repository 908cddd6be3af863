import { describe, expect, it } from '@jest/globals';
import { changing, defects, type Defect } from '../branch-protocol/defects.js';
import type { LogKind } from '../branch-protocol/node-log.js';
import { Broken, exploreStates, type Troubles } from './explore-states.js';
import { raceOf, type RaceName } from './races.js';

const unknown: Troubles = { unknowns: 1 };
const crash: Troubles = { deaths: 1 };
const both: Troubles = { unknowns: 1, deaths: 1 };

const PUTS_IF_ABSENT = 'put if absent twice, merge';
const PUTS_AND_MERGE = 'put if absent, put, merge';

/** Races that are so small that all of their states are looked at each time. */
const WHOLE: readonly (readonly [RaceName, LogKind, Troubles, number])[] = [
  ['put, commit', 'whole', both, 500],
  ['put, commit', 'stepwise', crash, 1_000],
  ['put, put, commit', 'whole', both, 1_000],
  ['put, commit, commit', 'whole', crash, 500],
  ['put, delete and re-create', 'whole', crash, 100],
  ['put, commit, reset', 'whole', {}, 100],
  ['put, commit, hard reset', 'whole', {}, 100],
  ['put, reset of a prefix', 'whole', unknown, 100],
  ['put, commit, listing', 'whole', unknown, 100],
  ['put, commit, a rule', 'whole', {}, 100],
];

const planted: Readonly<Record<string, Defect>> = {
  ...defects,
  'a conditional put is sent without its guard': {
    log: changing((appends) => appends.map(({ guard: _guard, ...append }) => append)),
  },
};

/** Planted defects, and a race whose states show it. */
const FOUND: readonly (readonly [string, RaceName, LogKind, Troubles])[] = [
  ['the next token is opened before the old one is closed', 'put, commit', 'whole', {}],
  ['the next token is opened before the old one is closed', 'put, commit', 'stepwise', {}],
  ['a request is made before its token is closed', 'put, commit', 'stepwise', {}],
  ['a helper builds another result', 'put, commit', 'whole', {}],
  ['a helper builds another result', 'put, commit', 'stepwise', {}],
  ['a result is appended without an expected revision', 'put, commit, commit', 'whole', {}],
  ['a result is appended without an expected revision', PUTS_AND_MERGE, 'stepwise', {}],
  ['rows are dropped as soon as their token is closed', 'put, commit', 'whole', {}],
  ['rows are dropped as soon as their token is closed', 'put, commit', 'stepwise', {}],
  ['a conditional put looks at staging only', PUTS_AND_MERGE, 'whole', {}],
  ['a conditional put looks at staging only', PUTS_AND_MERGE, 'stepwise', {}],
  ['a conditional put does not wait for a merge', PUTS_AND_MERGE, 'whole', {}],
  ['a conditional put does not wait for a merge', PUTS_AND_MERGE, 'stepwise', {}],
  ['a conditional put is sent without its guard', PUTS_IF_ABSENT, 'whole', {}],
  ['a conditional put is sent without its guard', PUTS_IF_ABSENT, 'stepwise', {}],
  ['after an unknown outcome a new event is sent', 'put, commit', 'whole', unknown],
  ['after an unknown outcome a new event is sent', 'put, commit', 'stepwise', unknown],
  ['openness is judged before the event id', 'put, commit', 'whole', unknown],
  ['a successor is named without an expected revision', 'put, commit, commit', 'whole', {}],
  ['a successor is named without an expected revision', 'put, commit', 'stepwise', {}],
  ['a branch created again keeps its token', 'put, delete and re-create', 'whole', {}],
  ['a branch created again keeps its token', 'put, delete and re-create', 'stepwise', {}],
  ['a cache says that there is no branch', 'delete and re-create, put, put', 'whole', {}],
  ['a cache says that there is no branch', 'delete and re-create, put, put', 'stepwise', {}],
  ['nobody helps', 'put, commit', 'whole', {}],
  ['nobody helps', 'put, commit', 'stepwise', {}],
  ['who asked answers what it computed', 'put, commit, commit, two versions', 'whole', {}],
  ['a claim of another node is taken for its own', 'commit, commit, with hooks', 'whole', {}],
  ['a claim of another node is taken for its own', 'commit, commit, with hooks', 'stepwise', {}],
  ['a hard reset is counted from a head that has gone on', 'put, commit, hard reset', 'whole', {}],
  ['what was sent is taken for what stands', 'commit, undo', 'stepwise', {}],
];
const STATES_MAX = 20_000;

/** All of the races: `npm run soak -- --only every-order`. */
describe('every state of a race', () => {
  it.each(WHOLE)('of %s keeps the protocol, groups %s, %j', async (name, kind, troubles, least) => {
    const seen = await exploreStates(raceOf(name, kind), troubles, { statesMax: 300_000 });
    expect([seen.isWhole, seen.states > least]).toEqual([true, true]);
  });

  it.each(FOUND)('shows it when %s, in %s, groups %s', async (defect, name, kind, troubles) => {
    const look = (statesMax: number, wrong?: Defect) =>
      exploreStates(raceOf(name, kind), troubles, { statesMax }, wrong);
    const broken: unknown = await look(STATES_MAX, planted[defect]).catch((error) => error);
    if (!(broken instanceof Broken)) throw broken;
    // Where it is not planted, nothing is found among as many.
    expect((await look(broken.states)).states).toBeGreaterThan(0);
  });
});
