import { AsyncLocalStorage } from 'node:async_hooks';
import type { Random } from './random.js';
import { Violation } from './violation.js';

export interface WaitingStep {
  readonly thread: string;
  readonly what: string;
}

interface Step extends WaitingStep {
  readonly node: string;
  readonly go: () => void;
}

/** Steps of one run; more of them, and something goes round in circles. */
const STEPS_MAX = 4_000;

/** Lets one call to a store happen at a time, in an order that somebody chooses. */
export class Scheduler {
  readonly trace: string[] = [];
  steps = 0;
  readonly #threads = new AsyncLocalStorage<string>();
  readonly #waiting: Step[] = [];
  readonly #dead = new Set<string>();
  readonly #chooser: Chooser;

  constructor(chooser: Random | Chooser) {
    this.#chooser = 'choose' in chooser ? chooser : new RandomChooser(chooser);
  }

  /** Whose work this is. */
  get current(): string | undefined {
    return this.#threads.getStore();
  }

  /** Runs work whose steps belong together. */
  thread<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    return this.#threads.run(name, work);
  }

  /** Resolves when it is this step's turn; never, once its node is dead. */
  step(node: string, what: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.#dead.has(node)) return;
      const thread = this.#threads.getStore() ?? node;
      this.#waiting.push({ node, thread, what, go: resolve });
    });
  }

  /** A node stops where it stands. What it has sent is on its way all the same. */
  kill(node: string): void {
    this.#dead.add(node);
    this.trace.push(`${node} dies`);
    const alive = this.#waiting.filter((step) => step.node !== node);
    this.#waiting.splice(0, this.#waiting.length, ...alive);
  }

  /** Whether a thread has a step to take, and is not waiting for another's. */
  isWaiting(thread: string): boolean {
    return this.#waiting.some((step) => step.thread === thread);
  }

  isDead(node: string): boolean {
    return this.#dead.has(node);
  }

  /**
   * Takes steps until nobody waits for one.
   *
   * @param between  runs when everything stands still
   * @param taking  hears of each step
   * @throws Violation  no end is in sight
   */
  async run(between: () => Promise<void>, taking?: (step: WaitingStep) => void): Promise<void> {
    for (;;) {
      await stillness();
      await between();
      const step = this.#next();
      if (!step) return;
      if (++this.steps > STEPS_MAX) throw new Violation('it goes on and on');
      this.trace.push(`${step.thread}: ${step.what}`);
      taking?.(step);
      step.go();
    }
  }

  #next(): Step | undefined {
    if (this.#waiting.length === 0) return undefined;
    const index = this.#chooser.choose(this.#waiting);
    return this.#waiting.splice(index, 1)[0];
  }
}

const BEHIND_ALL = 2 ** 32;

/** Says whose turn it is. */
export interface Chooser {
  /** Returns the index of one of those who wait, in the order they came. */
  choose(waiting: readonly WaitingStep[]): number;
}

/**
 * Half of the runs choose evenly; the others keep one thread before the others until a chosen
 * moment, which finds what needs one thread to sleep for long.
 */
export class RandomChooser implements Chooser {
  readonly #ranks = new Map<string, number>();
  readonly #isRanked: boolean;

  constructor(private readonly random: Random) {
    this.#isRanked = random.chance(50);
  }

  choose(waiting: readonly WaitingStep[]): number {
    let index = this.random.below(waiting.length);
    if (!this.#isRanked) return index;
    if (this.random.chance(4)) this.#ranks.clear();
    let best = Infinity;
    for (const [at, { thread }] of waiting.entries()) {
      const rank = this.#rankOf(thread);
      if (rank < best) [best, index] = [rank, at];
    }
    // Who sleeps, and looks, and sleeps again, lets the others go on: he may wait for one of them.
    const next = waiting[index];
    if (next?.what === 'sleep') this.#ranks.set(next.thread, best + BEHIND_ALL);
    return index;
  }

  #rankOf(thread: string): number {
    const rank = this.#ranks.get(thread) ?? this.random.below(2 ** 32);
    this.#ranks.set(thread, rank);
    return rank;
  }
}

/** Resolves when all that could go on without a store has gone on. */
const stillness = () => new Promise<void>((resolve) => void setImmediate(resolve));
