import type { Defect } from './defects.js';
import { play, type Dice } from './explore.js';
import type { Scenario } from './scenario.js';
import type { Chooser, WaitingStep } from './scheduler.js';
import type { AppendFault, Fate } from './stepped-log.js';

export interface Bounds {
  /** Times that a thread may be left while it could go on. */
  readonly preemptionsMax: number;
  /** Interleavings at most; of more it is said that there are more. */
  readonly runsMax: number;
  /** Asked before each. */
  readonly isOver?: () => boolean;
}

export interface Exhausted {
  readonly count: number;
  readonly steps: number;
  /** Whether there are no others within the bounds. */
  readonly isAll: boolean;
}

/** What goes wrong in a run, if anything does: chosen, not thrown. */
export interface Trouble {
  /** The append, from 0, that gets no answer. */
  readonly fault?: { readonly at: number; readonly fate: Fate; readonly isGivenUp: boolean };
  readonly deaths?: Scenario['deaths'];
}

/**
 * Runs a scenario in every order of its steps in which no thread is left more than so many times
 * while it could go on: depth first, the order of no preemption at all the first one.
 *
 * @throws Found  the protocol was violated
 */
export async function exhaust(
  scenario: Scenario,
  bounds: Bounds,
  { fault, deaths }: Trouble = {},
  defect: Defect = {},
): Promise<Exhausted> {
  let prefix: readonly number[] | undefined = [];
  let [count, steps] = [0, 0];
  while (prefix && count < bounds.runsMax && !bounds.isOver?.()) {
    const chooser = new EnumeratingChooser(prefix, bounds.preemptionsMax);
    const name = `${scenario.name}, ${scenario.log} groups, choices ${prefix.join('.') || 'none'}`;
    const dice = new FixedDice(fault);
    const one = { scenario: { ...scenario, ...(deaths && { deaths }) }, chooser, dice, name };
    steps += await play(one, defect);
    count++;
    prefix = chooser.next();
  }
  return { count, steps, isAll: prefix === undefined };
}

class FixedDice implements Dice {
  readonly isTimeless = true;
  #count = 0;

  constructor(private readonly at: Trouble['fault']) {}

  fault(): AppendFault | undefined {
    return this.at && this.#count++ === this.at.at ? this.at : undefined;
  }

  passesTime(): boolean {
    return false;
  }
}

/** Follows a list of choices, then takes the first at each; and knows which list comes next. */
class EnumeratingChooser implements Chooser {
  readonly #taken: { readonly choice: number; readonly count: number }[] = [];
  #last: string | undefined;

  constructor(
    private readonly prefix: readonly number[],
    private preemptionsLeft: number,
  ) {}

  choose(waiting: readonly WaitingStep[]): number {
    const options = this.#options(waiting);
    let choice = 0;
    if (options.length > 1) {
      choice = this.prefix[this.#taken.length] ?? 0;
      this.#taken.push({ choice, count: options.length });
    }
    const index = options[choice] ?? 0;
    const thread = waiting[index]?.thread;
    const couldGoOn = waiting.some((step) => step.thread === this.#last && !isSleep(step));
    if (couldGoOn && thread !== this.#last) this.preemptionsLeft--;
    this.#last = thread;
    return index;
  }

  /** Returns the choices of the next run; undefined: there is none. */
  next(): readonly number[] | undefined {
    const at = this.#taken.findLastIndex(({ choice, count }) => choice + 1 < count);
    if (at < 0) return undefined;
    const kept = this.#taken.slice(0, at).map(({ choice }) => choice);
    return [...kept, (this.#taken[at]?.choice ?? 0) + 1];
  }

  /**
   * The first step of each thread, the one that was at it before all others; sleepers come last.
   */
  #options(waiting: readonly WaitingStep[]): readonly number[] {
    const isAwake = waiting.some((step) => !isSleep(step));
    const seen = new Set<string>();
    const firsts: number[] = [];
    for (const [at, step] of waiting.entries()) {
      if (isAwake && isSleep(step)) continue;
      if (seen.has(step.thread)) continue;
      seen.add(step.thread);
      firsts.push(at);
    }
    const own = firsts.find((at) => waiting[at]?.thread === this.#last);
    if (own === undefined) return firsts;
    // Who slept has been left already: waking another costs nothing.
    if (!isAwake) return [...firsts.filter((at) => at !== own), own].slice(0, 1);
    if (this.preemptionsLeft <= 0) return [own];
    return [own, ...firsts.filter((at) => at !== own)];
  }
}

const isSleep = ({ what }: WaitingStep): boolean => what === 'sleep';
