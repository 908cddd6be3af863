import type { Defect } from '../branch-protocol/defects.js';
import type { LogKind } from '../branch-protocol/node-log.js';
import type { Operation } from '../branch-protocol/operations.js';
import { World } from '../branch-protocol/world.js';
import { Caller, commandOf, type Act, type CallerState } from './callers.js';
import { describeCall } from './calls.js';
import { Shared } from './shared.js';
import { Sights } from './sights.js';
import { Fingerprints, StateQueue, Ways } from './state-set.js';
import { ACTS_MAX } from './state-row.js';
import { LANDS, Steps, TIME, VARIANTS, type Cast } from './steps.js';
import { Verdicts, type Asked } from './verdicts.js';

/** Who does what at once; each on a node of its own. */
export interface Race {
  readonly name: string;
  readonly log: LogKind;
  /** What has happened before. */
  readonly before: readonly Operation[];
  readonly callers: readonly (readonly Act[])[];
  readonly hasHooks?: boolean;
  /** Each node gives trees names of its own, as two versions of the program would. */
  readonly hasVersions?: boolean;
  /** Tokens whose writes a node remembers, to make a commit by one append. */
  readonly ownTokens?: number;
  /** Nodes know nothing of the branch, and it has no token; else they saw it as the race began. */
  readonly isCold?: boolean;
}

export interface Troubles {
  /** Appends that get no answer: they land at any later moment, or never. */
  readonly unknowns?: number;
  /** Nodes that die, each before an append or with it on its way. */
  readonly deaths?: number;
  /** Times that time passes while somebody could go on. */
  readonly ticks?: number;
}

export interface Bounds {
  readonly statesMax: number;
  /** Asked now and then. */
  readonly isOver?: () => boolean;
}

export interface Explored {
  readonly states: number;
  readonly transitions: number;
  readonly ends: number;
  readonly logs: number;
  /** All that callers came to, over all of them. */
  readonly callerStates: number;
  /** How often the program was run from its beginning. */
  readonly runs: number;
  /** Whether there is no other state. */
  readonly isWhole: boolean;
}

/** A state that breaks the protocol, and the steps to it. */
export class Broken extends Error {
  override readonly name = 'Broken';
  states = 0;
}

/**
 * Looks at every state that a race can come to, breadth first, each once.
 *
 * @throws Broken  the protocol was violated; its steps are the fewest there are
 */
export async function exploreStates(
  race: Race,
  troubles: Troubles,
  bounds: Bounds,
  defect: Defect = {},
): Promise<Explored> {
  const explorer = new Explorer(race, defect);
  const first = await explorer.begin(troubles);
  return explorer.explore(first, bounds);
}

class Explorer {
  readonly #world = new World();
  readonly #shared: Shared;
  readonly #sights = new Sights();
  readonly #found = new Fingerprints();
  readonly #ways = new Ways();
  #cast: Cast | undefined;
  #steps: Steps | undefined;
  #transitions = 0;
  #ends = 0;

  constructor(
    private readonly race: Race,
    private readonly defect: Defect,
  ) {
    const conditional = new Set(
      race.callers.flatMap((acts, who) =>
        [LOOK, ...acts].flatMap((act, index) =>
          act.kind === 'put if absent' ? [commandOf(nameOf(who), index)] : [],
        ),
      ),
    );
    this.#shared = new Shared(this.#world, (id) => conditional.has(id), defect.store !== undefined);
  }

  async begin(troubles: Troubles): Promise<Int32Array> {
    const { race } = this;
    await this.#world.found();
    let log = (await this.#shared.begin()).id;
    const opening: readonly Act[] = race.isCold ? [] : [{ kind: 'open' }];
    const before = this.#caller('before', [...race.before, ...opening]);
    log = (await this.#alone(before, log, Infinity)).log;
    const callers = race.callers.map((acts, who) => this.#caller(nameOf(who), [LOOK, ...acts]));
    const firsts: CallerState[] = [];
    for (const caller of callers) {
      firsts.push((await this.#alone(caller, log, race.isCold ? 0 : 1)).state);
    }
    const settler = this.#caller('Z', [{ kind: 'sweep' }, { kind: 'sweep' }, { kind: 'sweep' }]);
    firsts.push((await this.#alone(settler, log, 0)).state);
    const acts: Asked[] = [];
    const offsets: number[] = [];
    for (const { name, acts: own } of callers) {
      offsets.push(acts.length);
      acts.push(...own.map((wanted, act) => ({ caller: name, act, wanted })));
    }
    if (acts.length > ACTS_MAX) throw new Error(`more than ${ACTS_MAX} acts`);
    offsets.push(acts.length);
    const hasKind = (kind: Act['kind']) => acts.some(({ wanted }) => wanted.kind === kind);
    this.#cast = {
      callers: [...callers, settler],
      settler: callers.length,
      firsts,
      acts,
      offsets,
      isSettling: !hasKind('sweep') && !hasKind('delete repository'),
      hasRules: hasKind('rules'),
      sendsAnew: this.defect.resent !== undefined,
    };
    const verdicts = new Verdicts(acts, this.#shared, this.#sights);
    this.#steps = new Steps(this.#cast, this.#shared, this.#sights, verdicts);
    return this.#steps.first(log, troubles);
  }

  async explore(first: Int32Array, { statesMax, isOver }: Bounds): Promise<Explored> {
    const steps = this.#steps as Steps;
    const queue = new StateQueue(steps.width);
    const state = new Int32Array(steps.width);
    queue.push(first);
    this.#found.add(first);
    this.#ways.add(0, 0);
    let number = 0;
    const tell = (step: number): void => {
      this.#transitions++;
      if (!this.#found.add(steps.next)) return;
      queue.push(steps.next);
      this.#ways.add(number, step);
    };
    for (; queue.size > 0 && this.#found.size < statesMax; number++) {
      if ((number & 1023) === 0 && isOver?.()) break;
      queue.shift(state);
      try {
        let said = steps.from(state, tell);
        while (said === 'missing') {
          await steps.missing?.();
          said = steps.from(state, tell);
        }
        if (said === 'end') this.#ends++;
      } catch (error) {
        throw await this.#broken(first, number, error);
      }
    }
    return {
      states: this.#found.size,
      transitions: this.#transitions,
      ends: this.#ends,
      logs: this.#shared.logs.logs.length,
      callerStates: this.#sum(({ states }) => states.length),
      runs: this.#sum(({ runCount }) => runCount),
      isWhole: queue.size === 0,
    };
  }

  #sum(of: (caller: Caller) => number): number {
    return (this.#cast?.callers ?? []).reduce((sum, caller) => sum + of(caller), 0);
  }

  #caller(name: string, acts: readonly Act[]): Caller {
    const { log: kind, hasHooks = false, hasVersions = false, ownTokens = 0 } = this.race;
    const { kv: settled, committed } = this.#world;
    const { defect } = this;
    const hasRules = this.race.callers.some((own) =>
      own.some(({ kind: what }) => what === 'rules'),
    );
    const more = { hasHooks, hasVersions, ownTokens, hasRules };
    const setting = { kind, defect, settled, trees: committed.trees, ...more };
    return new Caller(name, acts, setting, this.#shared.words);
  }

  /** Lets a caller go on while nobody else is there, until it has done so many acts. */
  async #alone(caller: Caller, log: number, acts: number) {
    let [state, at] = [await caller.begin(), log];
    while (state.calls.length > 0 && state.answers.length < acts) {
      const outcome = await this.#shared.ask(at, state.calls[0] ?? 0);
      at = outcome.log;
      state = await caller.tell(state, 0, outcome.reply, 0);
      if (state.failure !== undefined) throw state.failure;
    }
    return { state, log: at };
  }

  /** Says what is wrong, and how it came to it. */
  async #broken(first: Int32Array, number: number, error: unknown): Promise<Broken> {
    const steps = this.#steps as Steps;
    const told: string[] = [];
    const state = first.slice();
    const want = this.#ways.to(number);
    for (const wanted of want) {
      const next = state.slice();
      told.push(this.#describe(state, wanted));
      steps.from(state, (step) => {
        if (step === wanted) next.set(steps.next);
      });
      state.set(next);
    }
    const message = error instanceof Error ? error.message : String(error);
    const events = this.#shared.eventsOf(state[0] ?? 0);
    const log = events.map(({ stream, type }) => `${stream.slice(-8)} ${type}`).slice(-12);
    const [at, call] = this.#shared.asking;
    const last = `and then, on log ${at}: ${this.#call(call)}`;
    const trace = [...told, last, `the log ends: ${log.join(', ')}`].join('\n  ');
    const { name, log: kind } = this.race;
    const broken = new Broken(`${message}\n${name}, ${kind} groups:\n  ${trace}`, { cause: error });
    broken.states = this.#found.size;
    return broken;
  }

  #describe(state: Int32Array, step: number): string {
    if (step >= TIME) return 'time passes';
    if (step >= LANDS) return `lands: ${this.#call(state[2 + step - LANDS] ?? 0)}`;
    const caller = this.#cast?.callers[step >> 6];
    const id = state[5 + 3 * (step >> 6)] ?? 0;
    const call = caller?.states[id]?.calls[(step >> 3) & 7] ?? 0;
    return `${caller?.name} ${VARIANTS[step & 7]}: ${this.#call(call)}`;
  }

  #call(id: number): string {
    const call = this.#shared.calls[id];
    return call ? describeCall(call) : 'nothing';
  }
}

const LOOK: Act = { kind: 'look' };
const nameOf = (who: number): string => 'ABCDEFGH'.charAt(who);
