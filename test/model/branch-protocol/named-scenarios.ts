import type { ObjectPath } from '../../../src/domain/model.js';
import type { LogKind } from './node-log.js';
import type { Operation } from './operations.js';
import type { Actor, Scenario } from './scenario.js';
import { sources } from './sources.js';

const [a, b] = ['a', 'b'] as [ObjectPath, ObjectPath];
const put = (path: ObjectPath, value: string): Operation => ({ kind: 'put', path, value });
const putIfAbsent = (value: string): Operation => ({ kind: 'put if absent', path: a, value });
const commit: Operation = { kind: 'commit' };
const remove: Operation = { kind: 'remove', path: a };
const list: Operation = { kind: 'list', amount: 1_000 };
const reset: Operation = { kind: 'reset', scope: { kind: 'all' } };
const prefixReset: Operation = { kind: 'reset', scope: { kind: 'prefix', prefix: 'a' } };
const hardReset: Operation = { kind: 'hard reset', ref: 'work^' };
const merge: Operation = {
  kind: 'merge',
  ref: sources[0]?.id ?? '',
  strategy: 'source-wins',
  isSquash: false,
};
const undo: Operation = { kind: 'undo' };
const recreate: readonly Operation[] = [{ kind: 'delete' }, { kind: 'create' }];

export interface NamedCast {
  readonly before?: readonly Operation[];
  readonly acts: readonly (Operation | readonly Operation[])[];
  readonly hooks?: boolean;
}

/**
 * Who does what at once in the scenarios that the protocol was checked with, by their names, and in
 * those that were left open there. 7 is in `explore-protection.ts`.
 */
export const NAMED = {
  '1 put, put, commit, commit': { acts: [put(a, 'v1'), put(a, 'v2'), commit, commit] },
  '2 put, removal, commit, listing': { acts: [put(a, 'v1'), remove, commit, list] },
  '3 put if absent, put, merge, commit': {
    acts: [putIfAbsent('v1'), put(b, 'v2'), merge, commit],
  },
  '4 put if absent twice, merge of the same key, listing': {
    acts: [putIfAbsent('v1'), putIfAbsent('v2'), merge, list],
  },
  '5 put, put, commit, delete and re-create': {
    acts: [put(a, 'v1'), put(b, 'v2'), commit, recreate],
  },
  '6 put, put, commit, reset, listing': {
    acts: [put(a, 'v1'), put(b, 'v2'), commit, reset, list],
  },
  '8 put, commit, commit, with hooks': { acts: [put(a, 'v1'), commit, commit], hooks: true },
  '9 put, put to no effect, commit, merge, listing': {
    before: [put(a, 'same'), commit],
    acts: [put(a, 'same'), put(b, 'v2'), commit, merge, list],
  },
  'B put if absent twice, removal, commit': {
    acts: [putIfAbsent('v1'), putIfAbsent('v2'), remove, commit],
  },
  'C put if absent, put, reset, commit': { acts: [putIfAbsent('v1'), put(a, 'v2'), reset, commit] },
  'D put, put, merge, reset, commit': { acts: [put(a, 'v1'), put(b, 'v2'), merge, reset, commit] },
  'E put if absent, put, merge, delete and re-create': {
    acts: [putIfAbsent('v1'), put(b, 'v2'), merge, recreate],
  },
  'F three puts, two commits': {
    acts: [put(a, 'v1'), put(b, 'v2'), put(a, 'v3'), commit, commit],
  },
  'put, reset of a prefix, commit': {
    before: [put(a, 'old'), commit],
    acts: [put(a, 'v1'), put(b, 'v2'), prefixReset, commit],
  },
  'put, hard reset, commit': {
    before: [put(a, 'old'), commit],
    acts: [put(b, 'v1'), hardReset, commit],
  },
  'put, undo of a commit, put if absent, listing': {
    before: [put(a, 'old'), commit],
    acts: [put(b, 'v1'), undo, putIfAbsent('v2'), list],
  },
  'undo of a reset twice, commit': {
    before: [put(a, 'old'), reset],
    acts: [put(b, 'v1'), undo, undo, commit],
  },
  'put, delete and restore, commit, listing': {
    before: [put(a, 'old'), commit, put(a, 'v0')],
    acts: [put(b, 'v1'), [{ kind: 'delete' }, { kind: 'restore' }], commit, list],
  },
  'commits that are built in one pass': {
    acts: [
      [put(a, 'v1'), commit],
      [put(b, 'v2'), commit],
      [put(a, 'v3'), commit],
    ],
  },
} as const satisfies Record<string, NamedCast>;

export type NamedScenario = keyof typeof NAMED;

/** Two commands and a writer at most: so few that every order of all their steps can be tried. */
export const SMALL = {
  'put, commit': { acts: [put(a, 'v1'), commit] },
  'put, put, commit': { acts: [put(a, 'v1'), put(a, 'v2'), commit] },
  'put, commit, commit': { acts: [put(a, 'v1'), commit, commit] },
  'put, commit, merge': { acts: [put(b, 'v1'), commit, merge] },
  'put, commit, reset': { acts: [put(a, 'v1'), commit, reset] },
  'put if absent, put, merge': { acts: [putIfAbsent('v1'), put(b, 'v2'), merge] },
  'put if absent twice, merge': { acts: [putIfAbsent('v1'), putIfAbsent('v2'), merge] },
  'put if absent, removal, commit': {
    before: [put(a, 'old')],
    acts: [putIfAbsent('v1'), remove, commit],
  },
  'put, commit, listing': { before: [put(a, 'old')], acts: [put(a, 'v1'), commit, list] },
  'put, delete': { acts: [put(a, 'v1'), { kind: 'delete' }] },
  'put, commit, delete': { acts: [put(a, 'v1'), commit, { kind: 'delete' }] },
  'put, delete and re-create': { acts: [put(a, 'v1'), recreate] },
  'put, commit, hard reset': {
    before: [put(a, 'old'), commit],
    acts: [put(b, 'v1'), commit, hardReset],
  },
  'put, reset of a prefix': {
    before: [put(a, 'old'), put(b, 'old')],
    acts: [put(a, 'v1'), prefixReset],
  },
  'put, undo': { before: [put(a, 'old'), commit], acts: [put(b, 'v1'), undo] },
  'commit, undo': { before: [put(a, 'old'), commit, put(a, 'v1')], acts: [commit, undo] },
} as const satisfies Record<string, NamedCast>;

export type SmallScenario = keyof typeof SMALL;

/** Returns a small scenario: each actor on a node of its own, as `exhaust-states.ts` wants it. */
export function small(name: SmallScenario, log: LogKind): Scenario {
  const cast: NamedCast = SMALL[name];
  const actors = cast.acts.map((act, index): Actor => {
    const operations = 'kind' in act ? [act] : act;
    return { name: `${operations[0]?.kind}-${index}`, node: 'ABC'.charAt(index), operations };
  });
  const before = { name: 'before', node: 'A', operations: cast.before ?? [] };
  return { name, log, before, actors, faultCount: 0 };
}

/** Returns a scenario of that name: its actors on two nodes in turn, and a sweeper. */
export function named(name: NamedScenario, log: LogKind): Scenario {
  const cast: NamedCast = NAMED[name];
  const actors = cast.acts.map((act, index): Actor => {
    const operations = 'kind' in act ? [act] : act;
    const node = index % 2 === 0 ? 'A' : 'B';
    return { name: `${operations[0]?.kind}-${index}`, node, operations };
  });
  const sweeper: Actor = { name: 'sweeper', node: 'B', operations: [{ kind: 'sweep' }] };
  return {
    name,
    log,
    before: { name: 'before', node: 'A', operations: cast.before ?? [] },
    actors: [...actors, sweeper],
    faultCount: 0,
    ...(cast.hooks && { hooks: true }),
  };
}
