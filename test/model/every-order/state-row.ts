/** A state is a row of numbers: the log, what is left of troubles, what is on its way, callers. */
export const LOG = 0;
export const COUNTS = 1;
export const WIRES = 2;
export const WIRES_MAX = 3;
export const CALLERS = WIRES + WIRES_MAX;
export const PER_CALLER = 3;

/** Of a caller that is dead. */
export const DEAD = -1;

/** In the third number of a caller, above the acknowledged writes that its act began behind. */
export const BEGUN = 1 << 20;
export const AWAKE = 1 << 21;
export const IDLE = 1 << 22;
export const IDLE_MAX = 2;
export const IDLES = 3 * IDLE;
export const AHEAD = BEGUN - 1;
export const ACTS_MAX = 20;

/** In the counts: appends that may get no answer, nodes that may die, ticks so far, ticks left. */
export const UNKNOWN = 1;
export const DEATH = 1 << 4;
export const TICK = 1 << 8;
export const TICK_LEFT = 1 << 12;
export const TICKS_MAX = 10;

export const num = (numbers: Int32Array | readonly number[], index: number): number =>
  numbers[index] ?? 0;
export const at = (who: number): number => CALLERS + PER_CALLER * who;
export const bits = (state: Int32Array, who: number): number => num(state, at(who) + 2);
export const ticksOf = (state: Int32Array): number => (num(state, COUNTS) >>> 8) & 15;
