import type { EventLog } from '../../../src/ports/event-log.js';
import { MemoryCommittedStore } from '../../support/memory-committed-store.js';
import { Node, partsOf } from './node.js';
import { LOG_KINDS, nodeLog, type LogKind } from './node-log.js';
import type { Random } from './random.js';
import { Scheduler } from './scheduler.js';
import { SteppedKv } from './stepped-kv.js';
import type { AppendFault, Fate } from './stepped-log.js';
import { World } from './world.js';

/** Makes something wrong on purpose with the log as a node sees it. */
export type Change = (log: EventLog) => EventLog;

export const unchanged: Change = (log) => log;

/** Refusals that are not kept under a key: a repeat may go another way. */
export const UNKEPT: ReadonlySet<string> = new Set(['store_busy', 'branch_busy', 'intent_pending']);

/** Nodes on a log of one kind or the other, of whose appends some are not answered. */
export class KeyedNodes {
  readonly scheduler: Scheduler;
  readonly world = new World();
  readonly log: LogKind;
  /** Appends that may yet go unanswered. */
  faultsLeft = 0;
  readonly #isBatched: boolean;

  constructor(
    private readonly random: Random,
    private readonly change: Change,
  ) {
    this.scheduler = new Scheduler(random);
    this.log = random.pick(LOG_KINDS);
    this.#isBatched = random.chance(50);
  }

  /** Runs what is played on them. @throws what it does, with the steps that led there */
  async play(name: string, play: () => Promise<void>): Promise<void> {
    try {
      await play();
    } catch (error) {
      const trace = this.scheduler.trace.join('\n  ');
      const what = `${String(error)}\n${name}, ${this.log} groups:\n  ${trace}`;
      throw new Error(what, { cause: error });
    }
  }

  /**
   * Lets all of them act side by side, to their ends.
   *
   * @param dies  the step at which node A dies
   * @throws what any of them throws
   */
  async act(works: readonly (() => Promise<unknown>)[], dies = -1): Promise<void> {
    const { scheduler, world } = this;
    const failures: unknown[] = [];
    for (const [index, one] of works.entries()) {
      const acts = scheduler.thread(`${scheduler.steps}-${index}`, one);
      void acts.catch((error: unknown) => failures.push(error));
    }
    await scheduler.run(async () => {
      await world.catchUp();
      if (failures.length > 0) throw failures[0];
      if (scheduler.steps === dies && !scheduler.isDead('A')) scheduler.kill('A');
    });
    if (failures.length > 0) throw failures[0];
  }

  node(name: string): Node {
    const { kv, committed, clock, ids } = this.world;
    const { scheduler } = this;
    const log = nodeLog(this.world, {
      kind: this.log,
      isBatched: this.#isBatched,
      node: name,
      scheduler,
      fault: () => this.#fault(),
    });
    const parts = {
      log: this.change(log),
      kv: new SteppedKv(kv, name, scheduler),
      committed: new MemoryCommittedStore(committed.trees, name),
      clock: { nowMs: () => clock.nowMs(), sleep: () => scheduler.step(name, 'sleep') },
      ids,
    };
    return new Node(parts, partsOf(name));
  }

  #fault(): AppendFault | undefined {
    if (this.faultsLeft === 0 || !this.random.chance(20)) return undefined;
    this.faultsLeft--;
    const fate = this.random.pick<Fate>(['answer-lost', 'late', 'late', 'lost']);
    return { fate, isGivenUp: this.random.chance(40) };
  }
}
