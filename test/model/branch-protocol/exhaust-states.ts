import { hash } from 'node:crypto';
import type { RecordedEvent } from '../../../src/ports/event-log.js';
import type { Defect } from './defects.js';
import { play, SeenBefore, type Dice } from './explore.js';
import type { Scenario } from './scenario.js';
import type { Chooser, Touch, WaitingStep } from './scheduler.js';
import type { AppendFault, Fate } from './stepped-log.js';
import { areApart, changedBy } from './touches.js';

export interface StateBounds {
  /** Nodes that may die, each at any of its appends. */
  readonly deathsMax?: number;
  /** Appends that get no answer: they land, land late, or never do. */
  readonly unknownsMax?: number;
  /** Runs at most; of more it is said that there are more. */
  readonly runsMax: number;
  /** Asked before each. */
  readonly isOver?: () => boolean;
}

export interface StatesSeen {
  readonly runs: number;
  readonly steps: number;
  /** Different ones in which there was a choice. */
  readonly states: number;
  /** Whether there are no others. */
  readonly isAll: boolean;
}

/**
 * Runs a scenario in every order there is, depth first, and each state once: a run that comes to
 * where another one has been ends there.
 *
 * A state is what the log says, and what each caller knows: the steps it took, and what it found.
 * What a step finds is told by the events that made it, so nothing of the program is looked into.
 * Of two steps that make no difference to each other one order is tried (sleep sets, which are kept
 * with the states). Each caller must have a node of its own; who sleeps wakes when something has
 * landed, or when nobody else can go on.
 *
 * @throws Found  the protocol was violated
 */
export async function exhaustStates(
  scenario: Scenario,
  bounds: StateBounds,
  defect: Defect = {},
): Promise<StatesSeen> {
  const tree = new Tree(bounds);
  let [runs, steps, isAll] = [0, 0, false];
  while (!isAll && runs < bounds.runsMax && !bounds.isOver?.()) {
    const chooser = new StateChooser(tree);
    const name = `${scenario.name}, ${scenario.log} groups, every order, run ${runs}`;
    const onEvents = (events: readonly RecordedEvent[]) => chooser.take(events);
    try {
      await play({ scenario, chooser, dice: chooser.dice, name, onEvents }, defect);
    } catch (error) {
      if (!(error instanceof SeenBefore)) throw error;
    }
    runs++;
    steps += chooser.stepCount;
    isAll = !tree.advance();
  }
  return { runs, steps, states: tree.stateCount, isAll };
}

type Variant = 'goes' | 'dies' | Fate;

interface Transition {
  /** The same step of the same thread has the same one. */
  readonly id: string;
  readonly thread: string;
  readonly variant: Variant;
  readonly touch: Touch | undefined;
}

type Sleeping = ReadonlyMap<string, Transition>;

/** A state on the way of the run at hand, and what is tried from it. */
interface Frame {
  readonly tried: Transition[];
  readonly left: Transition[];
  readonly sleeping: Sleeping;
}

/** What has been tried, over all runs. */
class Tree {
  readonly frames: Frame[] = [];
  /** By state: what nobody need try there, since it was tried on another way to it. */
  readonly #visited = new Map<string, ReadonlySet<string>>();

  constructor(readonly bounds: StateBounds) {}

  get stateCount(): number {
    return this.#visited.size;
  }

  /** @returns what is to be tried, nothing of it twice; undefined: nothing */
  enter(key: string, options: readonly Transition[], sleeping: Sleeping): Frame | undefined {
    const before = this.#visited.get(key);
    const due = options.filter(({ id }) => !sleeping.has(id) && (before?.has(id) ?? true));
    const slept = [...sleeping.keys()].filter((id) => before?.has(id) ?? true);
    this.#visited.set(key, new Set(slept));
    const [first, ...left] = due;
    if (!first) return undefined;
    const frame: Frame = { tried: [first], left, sleeping };
    this.frames.push(frame);
    return frame;
  }

  /** Goes to the next that is to be tried. @returns whether there is one */
  advance(): boolean {
    for (;;) {
      const frame = this.frames.at(-1);
      if (!frame) return false;
      const next = frame.left.shift();
      if (next) {
        frame.tried.push(next);
        return true;
      }
      this.frames.pop();
    }
  }
}

/** Follows the tree to its end, and goes on where nobody has been. */
class StateChooser implements Chooser {
  readonly dice: Dice;
  stepCount = 0;
  #depth = 0;
  #isRacing = false;
  #sleeping: Sleeping = new Map();
  #last: string | undefined;
  #landed = 0;
  #fault: AppendFault | undefined;
  #deathsLeft: number;
  #unknownsLeft: number;
  /** By thread: what it did and found. */
  readonly #known = new Map<string, string>();
  /** By name of what is touched: the events that made it. */
  readonly #marks = new Map<string, string>();
  readonly #asleepSince = new WeakMap<WaitingStep, number>();
  readonly #touches = new WeakMap<WaitingStep, { readonly touch: Touch | undefined }>();

  constructor(private readonly tree: Tree) {
    this.#deathsLeft = tree.bounds.deathsMax ?? 0;
    this.#unknownsLeft = tree.bounds.unknownsMax ?? 0;
    const fault = () => {
      const due = this.#fault;
      this.#fault = undefined;
      return due;
    };
    this.dice = { isTimeless: true, fault, passesTime: () => false };
  }

  racing(isRacing: boolean): void {
    this.#isRacing = isRacing;
  }

  note(thread: string, text: string): void {
    this.#learns(thread, text);
  }

  take(events: readonly RecordedEvent[]): void {
    this.#landed += events.length;
    for (const event of events) {
      const { stream, id, type, data } = event;
      const text = `${stream} ${id} ${type} ${JSON.stringify(data)}`;
      for (const name of changedBy(event)) {
        this.#marks.set(name, digest(`${this.#marks.get(name)} ${text}`));
      }
    }
  }

  choose(waiting: readonly WaitingStep[], kill: (node: string) => void): number {
    for (const step of waiting) {
      if (isSleep(step) && !this.#asleepSince.has(step)) this.#asleepSince.set(step, this.#landed);
    }
    const firsts = this.#firsts(waiting);
    const transition = this.#next(firsts);
    const step = firsts.find(({ thread }) => thread === transition.thread);
    if (!step) throw new Error(`${transition.id} is not there: a run is not what it was`);
    this.#last = step.thread;
    this.#learns(step.thread, `${transition.variant} ${step.what} ${this.#found(step)}`);
    if (transition.variant === 'dies') {
      this.#deathsLeft--;
      kill(step.node);
      return -1;
    }
    if (transition.variant !== 'goes') {
      this.#unknownsLeft--;
      this.#fault = { fate: transition.variant, isGivenUp: this.#unknownsLeft % 2 === 1 };
    }
    this.stepCount++;
    return waiting.indexOf(step);
  }

  #next(firsts: readonly WaitingStep[]): Transition {
    const options = this.#optionsOf(firsts);
    const [only] = options;
    if (options.length === 1 && only) {
      if (this.#sleeping.has(only.id)) throw new SeenBefore();
      this.#wake(only, this.#sleeping);
      return only;
    }
    const known = this.tree.frames[this.#depth];
    const frame = known ?? this.tree.enter(this.#key(), options, this.#sleeping);
    const chosen = frame?.tried.at(-1);
    if (!frame || !chosen) throw new SeenBefore();
    this.#depth++;
    const before = frame.tried.slice(0, -1).map((each) => [each.id, each] as const);
    this.#wake(chosen, new Map([...frame.sleeping, ...before]));
    return chosen;
  }

  /** What was tried before is tried again only behind a step that makes a difference to it. */
  #wake(chosen: Transition, sleeping: Sleeping): void {
    const stays = [...sleeping].filter(
      ([, other]) => other.thread !== chosen.thread && areApart(other.touch, chosen.touch),
    );
    this.#sleeping = new Map(stays);
  }

  #optionsOf(firsts: readonly WaitingStep[]): readonly Transition[] {
    const own = firsts.find((step) => this.#isOwn(step));
    const steps = own ? [own] : firsts;
    return steps.flatMap((step) => {
      const touch = this.#touchOf(step);
      const of = (variant: Variant): Transition => {
        const id = `${step.thread}/${this.#known.get(step.thread)}/${variant}`;
        return { id, thread: step.thread, variant, touch };
      };
      if (!this.#isRacing || touch?.isAppend !== true) return [of('goes')];
      const fates: Fate[] = this.#unknownsLeft > 0 ? ['answer-lost', 'late', 'lost'] : [];
      return [of('goes'), ...fates.map(of), ...(this.#deathsLeft > 0 ? [of('dies')] : [])];
    });
  }

  /** Whether a step finds the same whenever it is taken: then nothing is lost by taking it now. */
  #isOwn(step: WaitingStep): boolean {
    const touch = this.#touchOf(step);
    return touch !== undefined && touch.writes.length === 0 && touch.reads.every(isSettled);
  }

  /** The first step of each thread that can go on, the one that was at it before all others. */
  #firsts(waiting: readonly WaitingStep[]): readonly WaitingStep[] {
    const byThread = new Map<string, WaitingStep>();
    for (const step of waiting) {
      if (!byThread.has(step.thread)) byThread.set(step.thread, step);
    }
    const steps = [...byThread.values()];
    const isAwake = (step: WaitingStep) =>
      !isSleep(step) || (this.#asleepSince.get(step) ?? 0) < this.#landed;
    const awake = steps.filter(isAwake);
    const able = awake.length > 0 ? awake : steps;
    const rank = ({ thread }: WaitingStep) => (thread === this.#last ? 0 : 1);
    return able.toSorted((one, other) => rank(one) - rank(other));
  }

  #found(step: WaitingStep): string {
    const touch = this.#touchOf(step);
    if (!touch) return this.#marks.get('log') ?? '';
    return touch.reads.map((name) => this.#marks.get(name) ?? '').join(' ');
  }

  #touchOf(step: WaitingStep): Touch | undefined {
    const known = this.#touches.get(step) ?? { touch: step.touch?.() };
    this.#touches.set(step, known);
    return known.touch;
  }

  #learns(thread: string, text: string): void {
    this.#known.set(thread, digest(`${this.#known.get(thread)} ${text}`));
  }

  #key(): string {
    const known = [...this.#known].map((each) => each.join(' ')).sort();
    const left = `${this.#deathsLeft} ${this.#unknownsLeft}`;
    return digest([this.#marks.get('log'), left, ...known].join('\n'));
  }
}

const digest = (text: string): string => hash('md5', text, 'base64');
const isSleep = ({ what }: WaitingStep): boolean => what === 'sleep';

/** What nobody changes while callers are at work on one branch: its repository, and the tags. */
const isSettled = (name: string): boolean => /^[pkd] (?:repositories|tags)\//.test(name);
