import { Branches } from '../../../src/commands/branch/branches.js';
import { branchDecider } from '../../../src/domain/branch/branch.decider.js';
import type { StoredBranchEvent } from '../../../src/domain/branch/branch.events.js';
import { branchStream } from '../../../src/domain/branch/branch.stream.js';
import { fold } from '../../../src/domain/decider.js';
import { decodeEvent } from '../../../src/domain/event-types.js';
import { FreshKvStore } from '../../../src/kv-adapter/fresh-kv-store.js';
import { READ_EVENTS_MAX, type RecordedEvent } from '../../../src/ports/event-log.js';
import type { KvStore } from '../../../src/ports/kv-store.js';
import { UnknownOutcome } from '../../../src/ports/store-errors.js';
import { MemoryCommittedStore } from '../../support/memory-committed-store.js';
import { work } from '../../support/samples/branch.samples.js';
import { lake, uid } from '../../support/samples/repository.samples.js';
import type { Defect } from './defects.js';
import { judge, judgeAll, type Call } from './judge.js';
import { FollowingViews } from './following-views.js';
import { Node, partsOf } from './node.js';
import { nodeLog } from './node-log.js';
import { perform, type Operation } from './operations.js';
import { Random } from './random.js';
import { named, NAMED, type NamedScenario } from './named-scenarios.js';
import { scenarioOf, type Actor, type Among, type Death, type Scenario } from './scenario.js';
import { RandomChooser, Scheduler, type Chooser, type WaitingStep } from './scheduler.js';
import { SteppedKv } from './stepped-kv.js';
import type { AppendFault, Fate } from './stepped-log.js';
import { TestHooks } from './test-hooks.js';
import { must, Violation } from './violation.js';
import { assertRebuilt, TestIds, World } from './world.js';

/** What one interleaving was found to do wrong, and how to see it again. */
export class Found extends Error {
  override readonly name = 'Found';
}

const TICK_MS = 1_000;

/** A run has come to where another one has been: what would follow is known. */
export class SeenBefore extends Error {
  override readonly name = 'SeenBefore';
}

/** What happens beside the order of the steps. */
export interface Dice {
  /** Asked at each append; whether it was sent before what it stands behind is answered. */
  fault(isAhead: boolean): AppendFault | undefined;
  /** Asked at each moment at which the time may go on. */
  passesTime(): boolean;
  /** Time stands still but at the end: who sleeps for long waits to be woken. */
  readonly isTimeless?: boolean;
}

/** One run: who does what, and how it comes. */
export interface Play {
  readonly scenario: Scenario;
  readonly chooser: Chooser;
  readonly dice: Dice;
  /** Says how to see it again. */
  readonly name: string;
  /** Hears of what has landed. */
  readonly onEvents?: (events: readonly RecordedEvent[]) => void;
}

/**
 * Runs the commands of several callers on two nodes, one call to a store at a time, in the order
 * that a seed says, and checks every step against the reference.
 *
 * @returns how many steps it took
 * @throws Found  the protocol was violated
 */
export async function explore(seed: number, defect: Defect = {}): Promise<number> {
  const random = new Random(seed);
  const scenario = { ...drawn(random, defect), ...(defect.behind && { behind: defect.behind }) };
  return play(
    {
      scenario,
      chooser: new RandomChooser(random),
      dice: new RandomDice(random, scenario.faultCount),
      name: `SEED=${seed}, ${scenario.name}, ${scenario.log} groups`,
    },
    defect,
  );
}

/** Returns a scenario of some cast, or now and then one of those with a name. */
function drawn(random: Random, among: Among): Scenario {
  const scenario = scenarioOf(random, among);
  if (among.casts || !random.chance(25)) return scenario;
  const { log, faultCount, deaths, behind, isBatched } = scenario;
  const names = Object.keys(NAMED) as NamedScenario[];
  const one = named(random.pick(names), log);
  return {
    ...one,
    faultCount,
    ...(deaths && { deaths }),
    ...(behind && { behind }),
    ...(isBatched && { isBatched }),
  };
}

/** Runs a play. @throws Found  the protocol was violated */
export async function play(one: Play, defect: Defect = {}): Promise<number> {
  const run = new Run(one, defect);
  try {
    await run.play();
    return run.scheduler.steps;
  } catch (error) {
    if (error instanceof SeenBefore) throw error;
    const trace = run.scheduler.trace.join('\n  ');
    const message = error instanceof Error ? error.message : String(error);
    throw new Found(`${message}\n${one.name}:\n  ${trace}`, { cause: error });
  }
}

/** Appends of a hundred that get no answer: in some runs few of them, in some nearly each one. */
const FAULT_PERCENTS = [10, 25, 60];
/** The same of what is sent before what it stands behind is answered. */
const AHEAD_PERCENT = 60;
/** In one run they all fare alike, in another one each as it comes. */
const FATES: readonly (readonly Fate[])[] = [
  ['answer-lost', 'late', 'late', 'lost'],
  ['late'],
  ['late', 'answer-lost'],
];

class RandomDice implements Dice {
  readonly #percent: number;
  readonly #fates: readonly Fate[];

  constructor(
    private readonly random: Random,
    private faultsLeft: number,
  ) {
    this.#percent = random.pick(FAULT_PERCENTS);
    this.#fates = random.pick(FATES);
  }

  fault(isAhead: boolean): AppendFault | undefined {
    const percent = isAhead ? AHEAD_PERCENT : this.#percent;
    if (this.faultsLeft === 0 || !this.random.chance(percent)) return undefined;
    this.faultsLeft--;
    return { fate: this.random.pick(this.#fates), isGivenUp: this.random.chance(30) };
  }

  passesTime(): boolean {
    return this.random.chance(15);
  }
}

/** A sweep that could not find out goes round again, as the sweeper does. */
function leaveToTheNext(error: unknown): void {
  if (!(error instanceof UnknownOutcome)) throw error;
}

class Run {
  readonly scheduler: Scheduler;
  readonly #world: World;
  readonly #views: FollowingViews[] = [];
  readonly #calls: Call[] = [];
  readonly #unexpected: unknown[] = [];
  /** By caller: the tick in which it began what it does now. */
  readonly #busySince = new Map<string, { readonly node: string; tick: number }>();
  #moment = 0;
  #tick = 0;
  #unfinished = new Set<string>();
  #areFaultsDue = false;
  readonly #begunHooks = new Map<string, string[]>();

  constructor(
    private readonly what: Play,
    private readonly defect: Defect,
  ) {
    // Reads that ask where the log ends first gather for a turn.
    this.scheduler = new Scheduler(what.chooser, what.scenario.behind === 'own' ? 4 : 1);
    this.#world = new World(what.onEvents);
  }

  async play(): Promise<void> {
    const { actors, before, deaths } = this.what.scenario;
    await this.#world.found();
    const names = new Set(['A', 'B', ...actors.map(({ node }) => node)]);
    const nodes = new Map<string, Node>();
    for (const name of names) nodes.set(name, await this.#node(name));
    await this.#act(nodes, [before]);
    this.#race(true);
    await this.#act(nodes, actors, deaths);
    this.#race(false);
    for (const { id, ended } of this.#calls) {
      must(ended || this.scheduler.isDead(this.#nodeOf(id)), `${id} waits for ever`);
    }
    await this.#settle();
    judgeAll(this.#calls, this.#world.reference);
  }

  #race(isRacing: boolean): void {
    this.#areFaultsDue = isRacing;
    this.what.chooser.racing?.(isRacing);
  }

  /** Returns the views that a node reads, and how it waits for them; undefined: the world's. */
  async #following(name: string): Promise<FollowingViews | undefined> {
    const { behind, log } = this.what.scenario;
    if (!behind || log !== 'stepwise') return undefined;
    const [shared] = this.#views;
    if (behind === 'shared' && shared) return shared;
    const whose = behind === 'own' ? name : 'views';
    const views = new FollowingViews(this.#world, this.scheduler, whose);
    await views.begin();
    this.#views.push(views);
    return views;
  }

  #kvOf(name: string, views: FollowingViews | undefined): KvStore {
    const { scheduler } = this;
    if (!views) return new SteppedKv(this.#world.kv, name, scheduler);
    if (this.what.scenario.behind === 'shared') return new SteppedKv(views.kv, name, scheduler);
    const caughtUp = async () => {
      const position = await this.#world.log.lastPosition();
      await views.progress.reached(position, Infinity);
    };
    return new SteppedKv(new FreshKvStore(views.kv, caughtUp), name, scheduler);
  }

  async #node(name: string): Promise<Node> {
    const { committed, clock } = this.#world;
    const views = await this.#following(name);
    const { scheduler, defect } = this;
    const { store, streams, resent, givesOutEarly } = defect;
    const stepped = nodeLog(this.#world, {
      kind: this.what.scenario.log,
      isBatched: this.what.scenario.isBatched,
      node: name,
      scheduler,
      fault: (isAhead) => (this.#areFaultsDue ? this.what.dice.fault(isAhead) : undefined),
      store,
      streams,
      resent,
      givesOutEarly,
      ...(views && { shown: (position) => views.progress.reached(position, Infinity) }),
    });
    // Two versions of the program: each names trees in its own way, and it must not matter.
    const trees = new MemoryCommittedStore(committed.trees, name);
    return new Node(
      {
        log: defect.log?.(stepped) ?? stepped,
        kv: this.#kvOf(name, views),
        committed: defect.committed?.(trees, name) ?? trees,
        clock: { nowMs: () => clock.nowMs(), sleep: (...asked) => this.#sleep(name, ...asked) },
        ...(this.what.scenario.hooks && { hooks: this.#hooks(name) }),
        ids: new TestIds(name),
      },
      { ...partsOf(name, !this.what.dice.isTimeless), ...defect.parts },
    );
  }

  /** A short sleep may take any time that others need for a step of theirs. */
  async #sleep(node: string, ms: number, signal?: AbortSignal): Promise<void> {
    const { clock } = this.#world;
    if (ms <= TICK_MS / 2) {
      // Who waits reads nothing meanwhile, nor do those who wait for what this node is doing.
      const idle = [...this.#busySince].filter(
        ([thread, busy]) =>
          thread === this.scheduler.current ||
          (busy.node === node && !this.scheduler.isWaiting(thread)),
      );
      for (const [, busy] of idle) busy.tick = Infinity;
      await this.scheduler.step(node, 'sleep');
      for (const [, busy] of idle) busy.tick = this.#tick;
      return;
    }
    if (this.what.dice.isTimeless) {
      await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
      return;
    }
    const untilMs = clock.nowMs() + ms;
    const isOver = () => clock.nowMs() >= untilMs || signal?.aborted === true;
    do await this.scheduler.step(node, 'sleep');
    while (!isOver());
  }

  /** Hooks that agree, refuse, or never answer: of one intent always the same. */
  #hooks(node: string): TestHooks {
    const mayHang = !this.what.dice.isTimeless;
    return new TestHooks(this.#begunHooks, node, {
      limitMs: TICK_MS,
      hook: async ({ runId }) => {
        await this.scheduler.step(node, `hook of ${runId}`);
        const kind = [...runId].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 7;
        if (kind === 0 && mayHang) return new Promise(() => undefined);
        await this.scheduler.step(node, `hook of ${runId} answers`);
        return kind > 1;
      },
    });
  }

  /** Lets callers act, all at once, until none of them can go on. */
  async #act(
    nodes: Map<string, Node>,
    actors: readonly Actor[],
    deaths: readonly Death[] = [],
  ): Promise<void> {
    for (const actor of actors) {
      const node = nodes.get(actor.node);
      must(node, `there is no node ${actor.node}`);
      this.#unfinished.add(actor.name);
      const acts = this.scheduler.thread(actor.name, () => this.#callAll(actor, node));
      void acts.then(
        () => this.#unfinished.delete(actor.name),
        (error: unknown) => this.#unexpected.push(error),
      );
    }
    const since = this.scheduler.steps;
    await this.scheduler.run(async () => {
      await this.#check();
      for (const { node, afterSteps } of deaths) {
        const isTime = this.scheduler.steps === since + afterSteps;
        if (isTime && !this.scheduler.isDead(node)) this.scheduler.kill(node);
      }
      for (const views of this.#views) await views.look();
      this.#passTime();
    }, this.#beginsAnew);
  }

  /** What looks at the log's end depends on nothing that was read before. */
  readonly #beginsAnew = ({ thread, what }: WaitingStep): void => {
    const busy = this.#busySince.get(thread);
    const isAwake = busy?.tick === Infinity && what !== 'sleep';
    if (busy && (isAwake || what.startsWith('read branch-'))) busy.tick = this.#tick;
  };

  async #callAll({ name, node: on, operations }: Actor, node: Node): Promise<void> {
    for (const [index, operation] of operations.entries()) {
      const id = `${on}-${name}-${index}`;
      this.#busySince.set(name, { node: on, tick: this.#tick });
      if (operation.kind === 'sweep') await node.sweep.run().catch(leaveToTheNext);
      else await this.#call(id, operation, node);
      this.#busySince.delete(name);
    }
  }

  async #call(id: string, operation: Operation, node: Node): Promise<void> {
    const call: Call = { id, operation, began: await this.#began() };
    const ended = this.#calls.filter((each) => each.ended).map((each) => each.id);
    this.what.chooser.note?.(id.slice(2, -2), `${call.began.position} ${ended.sort().join(' ')}`);
    this.#calls.push(call);
    const answer = await perform(node, id, operation);
    call.ended = { ...(await this.#now()), answer };
    const code = answer.kind === 'refused' ? ` ${answer.code}` : '';
    this.scheduler.trace.push(`  ${id} is answered: ${answer.kind}${code}`);
    judge(call, this.#world.reference);
  }

  async #now() {
    await this.#world.catchUp();
    return { moment: this.#moment++, position: this.#world.reference.position };
  }

  /** What no view shows yet was acknowledged to nobody: who begins now may see what was before. */
  async #began() {
    const now = await this.#now();
    if (this.what.scenario.behind !== 'shared') return now;
    const [{ progress } = { progress: now }] = this.#views;
    return { ...now, position: Math.min(now.position, progress.position) };
  }

  async #check(): Promise<void> {
    // What was found first is what is wrong.
    if (this.#unexpected.length > 0) throw this.#unexpected[0];
    await this.#world.catchUp();
    for (const { kv, progress } of this.#views) {
      await this.#world.assertShows(kv, progress.position);
    }
    if (this.#unexpected.length > 0) throw this.#unexpected[0];
  }

  /** No read or build lasts longer than the grace of two ticks: the clock waits for them. */
  #passTime(): void {
    const isSlow = [...this.#busySince.values()].some(
      ({ node, tick }) => tick < this.#tick && !this.scheduler.isDead(node),
    );
    if (isSlow || !this.what.dice.passesTime()) return;
    this.#tick++;
    this.#world.clock.advance(TICK_MS);
    this.scheduler.trace.push('  time passes');
  }

  #nodeOf(id: string): string {
    return id.slice(0, 1);
  }

  /** A node that comes up after all that finishes what was begun. */
  async #settle(): Promise<void> {
    const last = new Map([['Z', await this.#node('Z')]]);
    // A round leaves an intent that waits for its hooks to the next one.
    const pendingCount = this.#world.reference.branch?.queue.length ?? 0;
    for (let round = 0; round < 4 + 2 * pendingCount; round++) {
      const operations = [{ kind: 'sweep' } as const];
      await this.#act(last, [{ name: `sweeper-${round}`, node: 'Z', operations }]);
      this.#world.clock.advance(2 * TICK_MS);
    }
    const { log, kv, reference } = this.#world;
    for (const [id, nodes] of this.#begunHooks) {
      must(nodes.length === 1, `H10: the hooks of ${id} are run by ${nodes.join(' and ')}`);
    }
    const isGone = reference.purgedAt !== undefined;
    must(isGone === (reference.hiddenAt !== undefined), 'a repository is hidden, and not purged');
    // Of a repository that is gone nobody looks through the queues.
    const isQuiet = isGone || (reference.branch?.queue.length ?? 0) === 0;
    must(isQuiet, 'intents are pending, and nobody helps');
    await assertRebuilt(log, kv);
    const stream = branchStream(uid, work);
    const options = { from: 0, direction: 'forward', limit: READ_EVENTS_MAX } as const;
    const events = await log.read(stream, options);
    const whole = fold(branchDecider, events.map(decodeEvent) as StoredBranchEvent[]);
    const cold = await new Branches(log, { cachedBranches: 1, cachedOutcomes: 1 }).view({
      repository: lake,
      branch: work,
    });
    const isSame = JSON.stringify(cold.state) === JSON.stringify(whole);
    must(isSame, 'a fold from a quiet moment is not the fold of all');
    if (this.#unexpected.length > 0) throw new Violation(String(this.#unexpected[0]));
  }
}
