import { FAILPOINTS_OF, type Failpoint } from '../../src/shared/failpoint.js';
import type { SeededRandom } from '../support/seeded-random.js';
import { type Fault, IN_WORK, NODE_FAULTS, OWN_STARTS, POSTGRES_FAULTS, STARTS } from './faults.js';

/** Rounds that share a cluster, one after the other. */
export interface Stretch {
  readonly on: 'own' | 'one' | 'two';
  readonly faults: readonly Fault[];
}

export type PlanName = 'sample' | 'kills' | 'postgres';

const ROUNDS_A_CLUSTER = 6;

/** Returns what is to be done, in an order of the run's own, without end. */
export function* planOf(name: PlanName, random: SeededRandom): Generator<Stretch> {
  for (;;) {
    if (name === 'sample') yield* sample(random);
    else if (name === 'kills') yield* shuffled(kills(), random);
    else yield* shuffled(postgres(), random);
  }
}

/** A place of each group that must be survived, and each way in which a database may go. */
function sample(random: SeededRandom): readonly Stretch[] {
  const one = (group: readonly Failpoint[]): Fault => ({
    kind: 'failpoint',
    at: random.pick(group),
  });
  const { append, rotation, intent, range, completion, drop, block, repository } = FAILPOINTS_OF;
  const { undo } = FAILPOINTS_OF;
  const start = (at: Failpoint): Fault => ({ kind: 'start', at });
  return [
    {
      on: 'two',
      faults: [
        one(append),
        start(random.pick(STARTS)),
        one(rotation),
        { kind: 'postmaster killed' },
        one(intent),
        one([...completion, ...undo]),
        { kind: 'node paused' },
        one(drop),
      ],
    },
    {
      on: 'own',
      faults: [
        one(range),
        start(random.pick(OWN_STARTS)),
        one(block),
        { kind: 'back end killed' },
        { kind: 'node and database killed' },
        one(repository),
      ],
    },
  ];
}

function kills(): readonly Stretch[] {
  const inWork = IN_WORK.map((at): Fault => ({ kind: 'failpoint', at }));
  const starts = STARTS.map((at): Fault => ({ kind: 'start', at }));
  const ownStarts = OWN_STARTS.map((at): Fault => ({ kind: 'start', at }));
  const random = NODE_FAULTS.map((kind): Fault => ({ kind }));
  return [
    ...stretches('two', [...inWork, ...starts, ...starts, ...random]),
    ...stretches('one', [...inWork, ...starts, ...random]),
    ...stretches('own', [...ownStarts, ...ownStarts, ...random, { kind: 'node killed' }]),
  ];
}

function postgres(): readonly Stretch[] {
  const faults = POSTGRES_FAULTS.map((kind): Fault => ({ kind }));
  const both: Fault = { kind: 'node and database killed' };
  return [
    ...stretches('two', [...faults, both, ...faults]),
    ...stretches('one', [...faults, both]),
    ...stretches('own', [...faults, both]),
  ];
}

const stretches = (on: Stretch['on'], faults: readonly Fault[]): readonly Stretch[] =>
  Array.from({ length: Math.ceil(faults.length / ROUNDS_A_CLUSTER) }, (_, at) => ({
    on,
    faults: faults.slice(at * ROUNDS_A_CLUSTER, (at + 1) * ROUNDS_A_CLUSTER),
  }));

function shuffled<Item>(items: readonly Item[], random: SeededRandom): readonly Item[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0] as Item);
}
