import type { ResetScope } from '../../../src/domain/branch/branch.wishes.js';
import type { ObjectPath } from '../../../src/domain/model.js';
import { work } from '../../support/samples/branch.samples.js';
import { LOG_KINDS, type LogKind } from './node-log.js';
import type { Operation } from './operations.js';
import type { Random } from './random.js';
import { sources } from './sources.js';

/** One caller, who does one thing after the other on one node. */
export interface Actor {
  readonly name: string;
  readonly node: string;
  readonly operations: readonly (Operation | { readonly kind: 'sweep' })[];
}

export interface Death {
  readonly node: string;
  readonly afterSteps: number;
}

export interface Scenario {
  readonly name: string;
  readonly log: LogKind;
  /** What has happened before the race begins. */
  readonly before: Actor;
  readonly actors: readonly Actor[];
  readonly faultCount: number;
  /** Whether there are hooks, of every operation. */
  readonly hooks?: boolean;
  /** Nodes that stop where they stand, each so many steps into the race. */
  readonly deaths?: readonly Death[];
  /**
   * Where views follow the log instead of being written with it, on a log of steps: one set of them
   * for all nodes, or one of each node's own, which asks before each read where the log ends.
   */
  readonly behind?: 'shared' | 'own';
  /** What waits at a node goes to the log as one call, where groups are whole. */
  readonly isBatched?: boolean;
}

const some = (count: number, make: () => Operation[]) => Array.from({ length: count }, make);
const commit = (): Operation => ({ kind: 'commit' });
const PATHS = ['a', 'b'] as ObjectPath[];

export const CASTS = [
  'puts and commits',
  'puts, removals, listings',
  'delete and re-create',
  'the repository goes',
  'merges',
  'conditional puts',
  'resets',
  'hooks',
  'imports',
  'undos',
] as const;

export type Cast = (typeof CASTS)[number];

/** What a run is one of; left out: of all. */
export interface Among {
  readonly casts?: readonly Cast[];
  readonly logs?: readonly LogKind[];
  /** Always so, where a log has steps. */
  readonly behind?: Scenario['behind'];
  /** Always so, or never, where groups are whole. */
  readonly isBatched?: boolean;
}

/** Returns who does what in a run: one of some casts, in random numbers. */
export function scenarioOf(random: Random, among: Among = {}): Scenario {
  const cast = random.pick(among.casts ?? CASTS);
  const log = random.pick(among.logs ?? LOG_KINDS);
  const values = new Values(random);
  const operations = wishesOf(cast, random, values);
  // What one node knows of its own appends shows where most come from it.
  const nodes = random.pick([['A', 'B'], ['A', 'B'], ['A'], ['A', 'A', 'A', 'B']]);
  const actors = operations.map((own, index) => ({
    name: `${own[0]?.kind}-${index}`,
    node: random.pick(nodes),
    operations: own,
  }));
  const sweeper = { name: 'sweeper', node: 'B', operations: sweeps(random) };
  return {
    name: cast,
    log,
    before: {
      name: 'before',
      node: random.pick(['A', 'B']),
      operations: past(random, values, cast),
    },
    actors: [...actors, sweeper],
    faultCount: random.pick([0, 1, 2, 4]),
    ...(cast === 'hooks' && { hooks: true }),
    ...deathsOf(random),
    ...(log === 'whole' && (among.isBatched ?? random.chance(40)) && { isBatched: true }),
    ...(log === 'stepwise' && random.chance(40) && { behind: random.pick(['shared', 'own']) }),
  };
}

/** One node, or one and then the other: who comes behind them finishes what both left. */
function deathsOf(random: Random): Pick<Scenario, 'deaths'> {
  if (!random.chance(30)) return {};
  const first = { node: random.pick(['A', 'A', 'B']), afterSteps: random.below(60) };
  if (!random.chance(40)) return { deaths: [first] };
  const afterSteps = first.afterSteps + random.below(60);
  return { deaths: [first, { node: first.node === 'A' ? 'B' : 'A', afterSteps }] };
}

/** Every value is another one, but for some: what is put twice changes nothing. */
class Values {
  #count = 0;

  constructor(private readonly random: Random) {}

  next(): string {
    return this.random.chance(15) ? 'same' : `v${this.#count++}`;
  }
}

function wishesOf(cast: Cast, random: Random, values: Values): Operation[][] {
  return commonWishesOf(cast, random, values) ?? rarerWishesOf(cast, random, values);
}

function commonWishesOf(cast: Cast, random: Random, values: Values): Operation[][] | undefined {
  const put = (): Operation => ({ kind: 'put', path: random.pick(PATHS), value: values.next() });
  const remove = (): Operation => ({ kind: 'remove', path: random.pick(PATHS) });
  const list = (): Operation => ({ kind: 'list', amount: random.pick([1, 1000]) });
  const stat = (): Operation => ({ kind: 'stat', path: random.pick(PATHS) });
  const putThenCommit = () => [put(), commit()];
  switch (cast) {
    case 'puts and commits':
      return [
        ...some(random.between(1, 3), () => [put()]),
        ...some(random.between(0, 2), () => [commit()]),
        ...some(random.between(0, 2), putThenCommit),
      ];
    case 'puts, removals, listings':
      return [
        ...some(random.between(1, 2), () => [put(), put()]),
        ...some(random.between(1, 2), () => [remove()]),
        ...some(random.between(1, 2), () => [commit()]),
        ...some(random.between(1, 2), () => [list(), list()]),
        ...some(random.between(0, 1), () => [stat(), stat()]),
      ];
    case 'merges':
      return [
        ...some(random.between(1, 2), () => [put()]),
        ...some(random.between(1, 2), () => [laying(random)]),
        ...some(random.between(0, 1), () => [commit()]),
        ...some(random.between(0, 1), () => [laying(random), laying(random)]),
        ...some(random.between(0, 1), () => [list()]),
        ...some(random.between(0, 1), (): Operation[] => [{ kind: 'delete' }, { kind: 'create' }]),
      ];
    case 'conditional puts':
      return [
        ...some(random.between(1, 2), () => [putIfAbsent(random, values)]),
        ...some(random.between(1, 2), () => [winning(random)]),
        ...some(random.between(0, 1), () => [random.chance(50) ? put() : remove()]),
        ...some(random.between(0, 1), () => [random.chance(50) ? reset(random) : commit()]),
      ];
    case 'resets':
      return [
        ...some(random.between(1, 3), () => [put()]),
        ...some(random.between(1, 2), () => [reset(random)]),
        ...some(random.between(0, 1), () => [hardReset(random)]),
        ...some(random.between(0, 2), () => [commit()]),
        ...some(random.between(0, 1), () => [laying(random)]),
        ...some(random.between(0, 1), () => [list(), list()]),
        ...some(random.between(0, 1), (): Operation[] => [{ kind: 'delete' }, { kind: 'create' }]),
      ];
    default:
      return undefined;
  }
}

function rarerWishesOf(cast: Cast, random: Random, values: Values): Operation[][] {
  const put = (): Operation => ({ kind: 'put', path: random.pick(PATHS), value: values.next() });
  const list = (): Operation => ({ kind: 'list', amount: random.pick([1, 1000]) });
  const putThenCommit = () => [put(), commit()];
  switch (cast) {
    case 'hooks':
      return [
        ...some(random.between(1, 2), () => [put()]),
        ...some(random.between(1, 2), () => [commit()]),
        ...some(random.between(0, 1), () => [laying(random)]),
        ...some(random.between(0, 1), () => [reset(random)]),
        ...some(random.between(0, 1), (): Operation[] => [{ kind: 'delete' }, { kind: 'create' }]),
        ...some(random.between(0, 1), () => [list()]),
      ];
    case 'imports':
      return [
        ...some(random.between(1, 2), () => [put()]),
        ...some(random.between(1, 2), () => [importing(random)]),
        ...some(random.between(0, 1), () => [commit()]),
        ...some(random.between(0, 1), () => [laying(random)]),
        ...some(random.between(0, 1), () => [putIfAbsent(random, values)]),
        ...some(random.between(0, 1), () => [list()]),
      ];
    case 'undos':
      return [
        ...some(random.between(1, 2), () => [put()]),
        ...some(random.between(0, 1), () => [commit()]),
        ...some(random.between(0, 1), () => [reset(random)]),
        ...some(random.between(0, 1), () => [laying(random)]),
        ...some(random.between(1, 2), (): Operation[] => [{ kind: 'undo' }]),
        ...some(random.between(0, 1), (): Operation[] => [{ kind: 'undo' }, { kind: 'undo' }]),
        ...some(random.between(0, 1), (): Operation[] => [{ kind: 'delete' }, { kind: 'restore' }]),
        ...some(random.between(0, 1), () => [list(), list()]),
      ];
    case 'the repository goes':
      return [
        ...some(random.between(1, 2), () => [put(), put()]),
        ...some(random.between(0, 2), () => [commit()]),
        ...some(random.between(0, 1), () => [laying(random)]),
        [{ kind: 'delete' }, { kind: 'create' }, ...(random.chance(50) ? [put()] : [commit()])],
        [{ kind: 'delete repository' }],
        ...some(random.between(0, 1), (): Operation[] => [{ kind: 'delete' }, { kind: 'restore' }]),
        ...some(random.between(0, 1), (): Operation[] => [{ kind: 'delete repository' }]),
        ...some(random.between(0, 1), () => [list()]),
      ];
    default:
      return [
        ...some(random.between(1, 2), () => [put(), put()]),
        ...some(random.between(1, 2), () => [commit()]),
        ...some(random.between(0, 1), putThenCommit),
        [{ kind: 'delete' }, { kind: 'create' }],
        ...some(random.between(0, 1), (): Operation[] => [{ kind: 'delete' }]),
        ...some(random.between(0, 1), (): Operation[] => [{ kind: 'create' }, put()]),
        ...some(random.between(0, 1), () => [list()]),
      ];
  }
}

/** One of the commits beside the branch. */
const sourceRef = (random: Random) => random.pick(sources).id;

function laying(random: Random): Operation {
  const kind = random.pick(['merge', 'merge', 'merge', 'revert', 'pick'] as const);
  if (kind === 'revert') return { kind, ref: random.pick([work, work, sourceRef(random)]) };
  if (kind === 'pick') return { kind, ref: sourceRef(random) };
  const strategy = random.pick(['default', 'source-wins', 'dest-wins'] as const);
  return { kind, ref: sourceRef(random), strategy, isSquash: random.chance(20) };
}

/** What is brought in lies where it replaces, or is all there is. */
function importing(random: Random): Operation {
  const [first] = sources;
  if (first && random.chance(40)) return { kind: 'import', ref: first.id, prefix: 'a' };
  return { kind: 'import', ref: sourceRef(random), prefix: '' };
}

/** A merge that no conflict stops. */
function winning(random: Random): Operation {
  const ref = sourceRef(random);
  return { kind: 'merge', ref, strategy: 'source-wins', isSquash: false };
}

function putIfAbsent(random: Random, values: Values): Operation {
  return { kind: 'put if absent', path: random.pick(PATHS), value: values.next() };
}

function reset(random: Random): Operation {
  const scope = random.pick<ResetScope>([
    { kind: 'all' },
    { kind: 'prefix', prefix: 'a' },
    { kind: 'object', path: 'b' as ObjectPath },
  ]);
  return { kind: 'reset', scope };
}

const hardReset = (random: Random): Operation => ({
  kind: 'hard reset',
  ref: random.pick([`${work}^`, `${work}~1`, work, sourceRef(random)]),
});

function past(random: Random, values: Values, cast: Cast): Operation[] {
  const put = (): Operation => ({ kind: 'put', path: random.pick(PATHS), value: values.next() });
  const clean: (() => Operation[])[] = [() => [], () => [put(), { kind: 'commit' }]];
  if (cast === 'undos') {
    return [put(), put(), commit(), put(), ...(random.chance(40) ? [reset(random)] : [])];
  }
  // A merge onto staged changes brings nothing, and then there is nothing to race with.
  if (cast === 'conditional puts') return random.pick(clean)();
  return random.pick<() => Operation[]>([
    ...clean,
    () => [put()],
    () => [put(), put(), { kind: 'commit' }, put()],
    () => [put(), { kind: 'delete' }, { kind: 'create' }, put()],
  ])();
}

const sweeps = (random: Random) =>
  Array.from({ length: random.pick([0, 0, 1, 3]) }, () => ({ kind: 'sweep' }) as const);
