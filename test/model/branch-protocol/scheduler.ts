import { AsyncLocalStorage } from 'node:async_hooks';
import type { Random } from './random.js';
import { Violation } from './violation.js';

/** What a step looks at and what it may change; names of streams, partitions and keys. */
export interface Touch {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** It is sent to the log: it may fail, and who sends it may die before. */
  readonly isAppend?: boolean;
}

export interface WaitingStep {
  readonly thread: string;
  readonly node: string;
  readonly what: string;
  /** Undefined: nobody has said; it may be anything. */
  readonly touch: (() => Touch) | undefined;
}

interface Step extends WaitingStep {
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

  constructor(
    chooser: Random | Chooser,
    /** Of the event loop, in which whatever goes on without a store comes to its end. */
    private readonly turns = 1,
  ) {
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
  step(node: string, what: string, touch?: () => Touch): Promise<void> {
    return new Promise((resolve) => {
      if (this.#dead.has(node)) return;
      const thread = this.#threads.getStore() ?? node;
      this.#waiting.push({ node, thread, what, touch, go: resolve });
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
      for (let turn = 0; turn < this.turns; turn++) await nextTurn();
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
    const index = this.#chooser.choose(this.#waiting, (node) => this.kill(node));
    if (index < 0) return this.#next();
    return this.#waiting.splice(index, 1)[0];
  }
}

const BEHIND_ALL = 2 ** 32;

/** Says whose turn it is. */
export interface Chooser {
  /**
   * Returns the index of one of those who wait, in the order they came; below 0: ask again.
   *
   * @param kill  ends a node, and takes its steps away
   */
  choose(waiting: readonly WaitingStep[], kill: (node: string) => void): number;
  /** Hears when the race begins, and when it is over: only in it anything goes wrong. */
  racing?(isRacing: boolean): void;
  /** Hears what a thread knows from here on beside what its steps have shown it. */
  note?(thread: string, text: string): void;
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

/** Resolves when all that waits for nothing has gone on. */
const nextTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));
