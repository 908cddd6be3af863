/**
 * Regular expressions that take time in proportion to the text, whatever the expression: for those
 * that a stranger gives. `RegExp` tries one way after the other, and some expressions have more
 * ways than there is time for.
 *
 * An expression becomes an automaton. Going through the text from its end, it is noted for each
 * state whether the end can be reached from it here; a lookahead is the same question, answered for
 * every place beforehand. Nothing is tried twice.
 *
 * Understood are: literals, `.`, classes, `\d \w \s \b` and their opposites, anchors, groups,
 * alternatives, quantifiers, lookahead. Refused is what needs to remember: back references,
 * lookbehind; and switches as `(?i)`, and `\p{…}`. A character is a UTF-16 unit.
 */
import { compile, type Program, type State } from './linear-pattern-program.js';

export class LinearPattern {
  readonly #program: Program;

  /** @throws PatternRefused  it is no expression, not one of those above, or too large */
  constructor(pattern: string) {
    this.#program = compile(pattern);
  }

  /** Returns whether the expression matches somewhere in `text`. */
  matches(text: string): boolean {
    const { machines } = this.#program;
    /** By machine and place: whether it matches there. Lookaheads stand before what uses them. */
    const found: Uint8Array[] = [];
    for (const machine of machines) {
      found.push(run(machine, text, found));
    }
    return found.at(-1)?.includes(1) ?? false;
  }
}

interface Machine {
  readonly states: readonly State[];
  readonly start: number;
  /** By state: those that lead to it without a character. */
  readonly before: readonly (readonly number[])[];
}

function run({ states, start, before }: Machine, text: string, looks: readonly Uint8Array[]) {
  const matchesAt = new Uint8Array(text.length + 1);
  let next = new Uint8Array(states.length);
  let here = new Uint8Array(states.length);
  const due: number[] = [];
  for (let at = text.length; at >= 0; at--) {
    here.fill(0);
    const unit = at < text.length ? text.charCodeAt(at) : -1;
    for (let index = 0; index < states.length; index++) {
      const state = states[index] as State;
      const isIn =
        state.kind === 'end' ||
        (state.kind === 'unit' && unit >= 0 && next[state.to] === 1 && state.takes(unit));
      if (isIn) {
        here[index] = 1;
        due.push(index);
      }
    }
    for (let index = due.pop(); index !== undefined; index = due.pop()) {
      for (const earlier of before[index] ?? []) {
        if (here[earlier] === 1 || !passes(states[earlier] as State, text, at, looks)) continue;
        here[earlier] = 1;
        due.push(earlier);
      }
    }
    matchesAt[at] = here[start] ?? 0;
    [here, next] = [next, here];
  }
  return matchesAt;
}

function passes(state: State, text: string, at: number, looks: readonly Uint8Array[]): boolean {
  switch (state.kind) {
    case 'fork':
      return true;
    case 'place':
      return state.holds(text, at);
    case 'look':
      return (looks[state.machine]?.[at] === 1) !== state.isNegated;
    case 'unit':
    case 'end':
      return false;
  }
}
