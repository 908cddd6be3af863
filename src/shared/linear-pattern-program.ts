import { parsePattern, PatternRefused, type PatternNode } from './linear-pattern-parser.js';

export type State =
  | { readonly kind: 'unit'; readonly takes: (unit: number) => boolean; readonly to: number }
  | { readonly kind: 'fork'; readonly to: readonly number[] }
  | {
      readonly kind: 'place';
      readonly holds: (text: string, at: number) => boolean;
      readonly to: number;
    }
  | {
      readonly kind: 'look';
      readonly machine: number;
      readonly isNegated: boolean;
      readonly to: number;
    }
  | { readonly kind: 'end' };

/** One automaton, and for each of its states those that lead to it without a character. */
interface Machine {
  readonly states: readonly State[];
  readonly start: number;
  readonly before: readonly (readonly number[])[];
}

export interface Program {
  /** The last one is the expression; those before it are its lookaheads, inner ones first. */
  readonly machines: readonly Machine[];
}

/** @throws PatternRefused */
export function compile(pattern: string): Program {
  const machines: Machine[] = [];
  const room = { states: 0 };
  machines.push(new Builder(machines, room).machineOf(parsePattern(pattern)));
  return { machines };
}

class Builder {
  readonly #states: State[] = [];

  constructor(
    private readonly machines: Machine[],
    /** Over all machines of an expression: each repetition is a copy. */
    private readonly room: { states: number },
  ) {}

  machineOf(node: PatternNode): Machine {
    const end = this.#add({ kind: 'end' });
    const start = this.#build(node, end);
    const before = this.#states.map((): number[] => []);
    for (const [index, state] of this.#states.entries()) {
      const targets = state.kind === 'fork' ? state.to : silentTarget(state);
      for (const target of targets) before[target]?.push(index);
    }
    return { states: this.#states, start, before };
  }

  /** Returns where to begin so that what follows the node begins at `to`. */
  #build(node: PatternNode, to: number): number {
    switch (node.kind) {
      case 'empty':
        return to;
      case 'unit':
        return this.#add({ kind: 'unit', takes: node.takes, to });
      case 'place':
        return this.#add({ kind: 'place', holds: node.holds, to });
      case 'look':
        return this.#look(node, to);
      case 'sequence':
        return node.parts.reduceRight((after, part) => this.#build(part, after), to);
      case 'choice':
        return this.#add({
          kind: 'fork',
          to: node.options.map((option) => this.#build(option, to)),
        });
      case 'repeat':
        return this.#repeat(node, to);
    }
  }

  #look({ of, isNegated }: PatternNode & { kind: 'look' }, to: number): number {
    const machine = new Builder(this.machines, this.room).machineOf(of);
    this.machines.push(machine);
    return this.#add({ kind: 'look', machine: this.machines.length - 1, isNegated, to });
  }

  #repeat({ of, min, max }: PatternNode & { kind: 'repeat' }, to: number): number {
    let start = to;
    if (max === Infinity) {
      const back: number[] = [];
      const fork = this.#add({ kind: 'fork', to: back });
      back.push(this.#build(of, fork), to);
      start = fork;
    } else {
      for (let count = min; count < max; count++) {
        start = this.#add({ kind: 'fork', to: [this.#build(of, start), to] });
      }
    }
    for (let count = 0; count < min; count++) start = this.#build(of, start);
    return start;
  }

  #add(state: State): number {
    if (++this.room.states > STATES_MAX) throw new PatternRefused('it is too large');
    return this.#states.push(state) - 1;
  }
}

const silentTarget = (state: State): readonly number[] =>
  state.kind === 'place' || state.kind === 'look' ? [state.to] : [];

/** A name of 2,048 bytes then costs two million steps, which is a few milliseconds. */
const STATES_MAX = 1000;
