import { setTimeout as delay } from 'node:timers/promises';
import type { Adapters } from '../../src/app/adapters.module.js';
import { StoreUnavailable, UnknownOutcome } from '../../src/ports/store-errors.js';
import { inMemory, type TestMoraine } from '../support/moraine.js';
import type { Gate } from './bus-target.js';
import { over } from './planted/defect.js';

/** What goes wrong once in a history of nodes that share a memory. */
export const FAULTS = ['none', 'killed', 'paused', 'answers lost', 'store away'] as const;
export type Fault = (typeof FAULTS)[number];

const never = new Promise<never>(() => undefined);
const PAUSE_MS = 150;
const AWAY_MS = 30;

/** Between a node and its stores, and between it and its clients. */
class Life implements Gate {
  readonly #killed = Promise.withResolvers<never>();
  isDead = false;
  resumed: Promise<void> | undefined;
  fault: Fault = 'none';

  constructor() {
    // Nobody need be under way when it is killed.
    this.#killed.promise.catch(() => undefined);
  }

  kill(): void {
    this.isDead = true;
    this.#killed.reject(new Error('the node was killed'));
  }

  through<Result>(work: () => Promise<Result>): Promise<Result> {
    return Promise.race([work(), this.#killed.promise]);
  }

  /** A call to a store: it may never come back, late, or with nobody knowing what it did. */
  async call<Result>(work: () => Promise<Result>, isAppend: boolean): Promise<Result> {
    await this.resumed;
    if (this.isDead) return never;
    if (this.fault === 'store away') throw new StoreUnavailable('the store is away');
    const result = await work();
    await this.resumed;
    if (this.isDead) return never;
    if (isAppend && this.fault === 'answers lost') throw new UnknownOutcome('the answer was lost');
    return result;
  }

  wrap(adapters: Adapters): Adapters {
    const { log, kv } = adapters;
    const reads = { read: kv.read.bind(kv), end: log.end.bind(log), find: log.find.bind(log) };
    return {
      ...adapters,
      log: over(log, {
        append: (...of) => this.call(() => log.append(...of), true),
        read: (...of) => this.call(() => log.read(...of), false),
        end: (...of) => this.call(() => reads.end(...of), false),
        find: (...of) => this.call(() => reads.find(...of), false),
      }),
      kv: over(kv, { read: (...of) => this.call(() => reads.read(...of), false) }),
    };
  }
}

/** A node that can be killed and started anew over the same stores. */
export class FaultyNode {
  #life = new Life();
  #node: TestMoraine | undefined;

  private constructor(private readonly adapters: Adapters) {}

  static async over(adapters: Adapters): Promise<FaultyNode> {
    const faulty = new FaultyNode(adapters);
    await faulty.#start();
    return faulty;
  }

  get node(): TestMoraine {
    if (!this.#node) throw new Error('it was started');
    return this.#node;
  }

  get gate(): Gate {
    return this.#life;
  }

  async strike(fault: Fault): Promise<void> {
    const life = this.#life;
    switch (fault) {
      case 'none':
        return;
      case 'killed':
        life.kill();
        this.#life = new Life();
        return this.#start();
      case 'paused':
        life.resumed = delay(PAUSE_MS);
        return;
      default:
        life.fault = fault;
        await delay(AWAY_MS);
        life.fault = 'none';
    }
  }

  async #start(): Promise<void> {
    const life = this.#life;
    this.#node = await inMemory(() => life.wrap(this.adapters));
  }
}
