import type { ObjectPath } from '../../../src/domain/model.js';
import { NAMED, SMALL, type NamedCast } from '../branch-protocol/named-scenarios.js';
import { LOG_KINDS, type LogKind } from '../branch-protocol/node-log.js';
import type { Operation } from '../branch-protocol/operations.js';
import type { Act } from './callers.js';
import type { Race, Troubles } from './explore-states.js';

type Cast = Omit<Race, 'name' | 'log'>;

const put = (path: string, value: string): Act => ({
  kind: 'put',
  path: path as ObjectPath,
  value,
});
const commit: Act = { kind: 'commit' };
const rules: Act = { kind: 'rules' };
const sweep: Act = { kind: 'sweep' };
const recreate: readonly Act[] = [{ kind: 'delete' }, { kind: 'create' }];

/** What those with names in `named-scenarios.ts` do not have. */
const OTHERS = {
  '7 put, put, commit, a rule': {
    before: [],
    callers: [[put('a', 'v1')], [put('b', 'v2')], [commit], [rules]],
  },
  'put, commit, a rule': { before: [], callers: [[put('a', 'v1')], [commit], [rules]] },
  'a new branch against a rule': {
    before: [],
    callers: [[...recreate, put('a', 'v1')], [rules], [put('b', 'v2')]],
  },
  'a new branch against a rule, nodes that know nothing': {
    before: [],
    callers: [[...recreate, put('a', 'v1')], [rules]],
    isCold: true,
  },
  'delete and re-create, put, put': {
    before: [],
    callers: [recreate, [put('a', 'v1'), put('b', 'v2')]],
  },
  'put, commit, nodes that know nothing': {
    before: [],
    callers: [[put('a', 'v1')], [commit]],
    isCold: true,
  },
  'put, commit, with hooks': {
    before: [],
    callers: [[put('a', 'v1')], [commit]],
    hasHooks: true,
  },
  'commit, commit, with hooks': { before: [], callers: [[commit], [commit]], hasHooks: true },
  'put, commit, a sweep': { before: [], callers: [[put('a', 'v1')], [commit], [sweep]] },
  'put and commit at once, put, commit': {
    before: [],
    callers: [[put('a', 'v1'), commit], [put('b', 'v2')], [commit]],
    ownTokens: 10,
  },
  'put and commit at once, twice': {
    before: [],
    callers: [
      [put('a', 'v1'), commit, put('a', 'v2'), commit],
      [put('b', 'v2'), commit],
    ],
    ownTokens: 10,
  },
  'put, put, commit, two versions': {
    before: [],
    callers: [[put('a', 'v1')], [put('b', 'v2')], [commit]],
    hasVersions: true,
  },
  'put, commit, commit, two versions': {
    before: [],
    callers: [[put('a', 'v1')], [commit], [commit]],
    hasVersions: true,
  },
} as const satisfies Record<string, Cast>;

export type RaceName = keyof typeof OTHERS | keyof typeof NAMED | keyof typeof SMALL;

const all: Readonly<Record<string, Cast>> = {
  ...mapped(NAMED),
  ...OTHERS,
  ...mapped(SMALL),
};

const names = Object.keys(all) as readonly RaceName[];
const hasHooks = (name: RaceName): boolean => all[name]?.hasHooks === true;

/** Those with hooks last: who waits for an answer looks again and again, and they take long. */
export const RACES: readonly RaceName[] = [
  ...names.filter((name) => !hasHooks(name)),
  ...names.filter(hasHooks),
];

/** Returns the race of this name: each caller is on a node of its own. */
export function raceOf(name: RaceName, log: LogKind): Race {
  const cast = all[name];
  if (!cast) throw new Error(`no race is called ${name}`);
  return { name, log, ...cast };
}

function mapped(casts: Readonly<Record<string, NamedCast>>): Record<string, Cast> {
  const entries = Object.entries(casts).map(([name, { before = [], acts, hooks }]) => {
    const callers = acts.map((act) => (isOne(act) ? [act] : act));
    return [name, { before, callers, ...(hooks && { hasHooks: true }) }] as const;
  });
  return Object.fromEntries(entries);
}

function isOne(act: Operation | readonly Operation[]): act is Operation {
  return 'kind' in act;
}

export interface Case {
  readonly race: RaceName;
  readonly log: LogKind;
  readonly trouble: string;
  readonly troubles: Troubles;
}

const TROUBLES = {
  plain: {},
  crash: { deaths: 1 },
  unknown: { unknowns: 1 },
} as const satisfies Record<string, Troubles>;

/** Every race, plain, with a crash and with an unknown outcome, on both kinds of log. */
export const CASES: readonly Case[] = LOG_KINDS.flatMap((log) =>
  Object.entries(TROUBLES).flatMap(([trouble, troubles]) =>
    RACES.map((race): Case => {
      // A claim runs out under somebody who lives only if time passes.
      const passing = hasHooks(race) ? { ...troubles, ticks: 1 } : troubles;
      return { race, log, trouble, troubles: passing };
    }),
  ),
);
