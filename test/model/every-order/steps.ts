import { NOW_MS } from '../../support/samples/repository.samples.js';
import { must } from '../branch-protocol/violation.js';
import { TICK_MS, type Caller, type CallerState } from './callers.js';
import { isAppend } from './calls.js';
import type { Shared } from './shared.js';
import type { Sights } from './sights.js';
import {
  AHEAD,
  at,
  AWAKE,
  BEGUN,
  bits,
  CALLERS,
  COUNTS,
  DEAD,
  DEATH,
  IDLE,
  IDLE_MAX,
  IDLES,
  LOG,
  num,
  PER_CALLER,
  TICK,
  TICK_LEFT,
  TICKS_MAX,
  ticksOf,
  UNKNOWN,
  WIRES,
  WIRES_MAX,
} from './state-row.js';
import type { Asked, Verdicts } from './verdicts.js';

/** What becomes of a call. */
export const VARIANTS = ['goes', 'is sent twice', 'is given up', 'dies', 'dies, sent'] as const;
type Variant = (typeof VARIANTS)[number];

/** Steps by number: of callers, then of what is on its way, then of time. */
export const LANDS = 0xf000;
export const TIME = 0xf100;
export const stepOf = (caller: number, call: number, variant: number): number =>
  caller * 64 + call * 8 + variant;

/** Replies that no log gives. */
const UNANSWERED = 1;
const AGAIN = 2;

export interface Cast {
  readonly callers: readonly Caller[];
  /** Comes when nobody else is at work, and something is left undone. */
  readonly settler: number;
  readonly firsts: readonly CallerState[];
  /** All acts, those of a caller behind those of the one before. */
  readonly acts: readonly Asked[];
  readonly offsets: readonly number[];
  /** Nobody drops what a closed token says. */
  readonly isSettling: boolean;
  readonly hasRules: boolean;
  /** What is sent again is not the same: what is made wrong on purpose. */
  readonly sendsAnew: boolean;
}

/** Where each state leads to. */
export class Steps {
  readonly width: number;
  /** Where the step that was told of last leads to. */
  readonly next: Int32Array;
  /** What must be found out before all steps of a state can be told. */
  missing: (() => Promise<unknown>) | undefined;
  readonly #acknowledged = new Map<CallerState, number>();

  constructor(
    private readonly cast: Cast,
    private readonly shared: Shared,
    private readonly sights: Sights,
    private readonly verdicts: Verdicts,
  ) {
    this.width = CALLERS + PER_CALLER * cast.callers.length;
    this.next = new Int32Array(this.width);
  }

  first(log: number, { unknowns = 0, deaths = 0, ticks = 0 }): Int32Array {
    const state = new Int32Array(this.width);
    state[LOG] = log;
    state[COUNTS] = unknowns * UNKNOWN + deaths * DEATH + ticks * TICK_LEFT;
    for (const [index, { id }] of this.cast.firsts.entries()) state[at(index)] = id;
    return state;
  }

  /**
   * Tells of each step from a state; {@link next} is where it leads to.
   *
   * @returns whether that was all; else `missing` is to be called, and the state to be asked again
   * @throws Violation  a step, or the state itself, is not what it must be
   */
  from(state: Int32Array, tell: (step: number) => void): 'all' | 'end' | 'missing' {
    this.missing = undefined;
    const settled = this.#settled(state);
    if (settled) {
      // Nobody makes a difference to what it finds, nor it to anybody: one order is enough.
      if (!this.#go(state, settled, 'goes')) return 'missing';
      tell(stepOf(settled.who, settled.index, 0));
      return 'all';
    }
    const { isAbleToGo, isLeft, isNapping } = this.#callers(state, tell);
    if (this.missing) return 'missing';
    for (let slot = 0; slot < WIRES_MAX; slot++) {
      if (state[WIRES + slot] === 0) continue;
      if (!this.#land(state, slot)) return 'missing';
      tell(LANDS + slot);
    }
    if (isAbleToGo) {
      if (num(state, COUNTS) >= TICK_LEFT) {
        this.#passTime(state);
        this.next[COUNTS] = num(this.next, COUNTS) - TICK_LEFT;
        tell(TIME);
      }
      return 'all';
    }
    if (isNapping) {
      // They look again though nothing has landed; then time passes.
      if (this.#nap(state, tell)) return this.missing ? 'missing' : 'all';
    }
    if (isLeft) {
      must(ticksOf(state) < TICKS_MAX, 'somebody waits for ever');
      this.#passTime(state);
      tell(TIME);
      return 'all';
    }
    return this.#settle(state, tell);
  }

  /** A look at a stream that nobody can append to, in the midst of an act. */
  #settled(state: Int32Array): Step | undefined {
    if (!this.cast.isSettling) return undefined;
    for (let who = 0; who < this.cast.settler; who++) {
      if ((bits(state, who) & BEGUN) === 0) continue;
      const here = this.#stateOf(state, who);
      const [call] = here?.calls ?? [];
      if (!here || call === undefined || here.calls.length > 1) continue;
      if (this.shared.isSettled(num(state, LOG), call)) return { who, here, index: 0, call };
    }
    return undefined;
  }

  #callers(state: Int32Array, tell: (step: number) => void) {
    let [isAbleToGo, isLeft, isNapping] = [false, false, false];
    for (let who = 0; who < this.cast.settler; who++) {
      const here = this.#stateOf(state, who);
      if (!here || this.#isDone(who, here)) continue;
      isLeft = true;
      for (const [index, call] of here.calls.entries()) {
        const { kind } = this.shared.calls[call] ?? {};
        if (kind === 'nap' && (bits(state, who) & AWAKE) === 0) isNapping = true;
        else if (this.#isAsleep(state, call)) continue;
        else {
          isAbleToGo = true;
          this.#variants(state, { who, here, index, call }, tell);
          if (this.missing) return { isAbleToGo, isLeft, isNapping };
        }
      }
    }
    return { isAbleToGo, isLeft, isNapping };
  }

  #isAsleep(state: Int32Array, id: number): boolean {
    const call = this.shared.calls[id];
    return call?.kind === 'sleep' && call.untilMs > NOW_MS + ticksOf(state) * TICK_MS;
  }

  #nap(state: Int32Array, tell: (step: number) => void): boolean {
    let isAnybody = false;
    for (let who = 0; who < this.cast.settler; who++) {
      const here = this.#stateOf(state, who);
      if (!here || (bits(state, who) & IDLES) >= IDLE_MAX * IDLE) continue;
      const index = here.calls.findIndex((call) => this.shared.calls[call]?.kind === 'nap');
      if (index < 0) continue;
      isAnybody = true;
      if (!this.#go(state, { who, here, index, call: here.calls[index] ?? 0 }, 'goes')) return true;
      this.next[at(who) + 2] = bits(this.next, who) + IDLE;
      tell(stepOf(who, index, 0));
    }
    return isAnybody;
  }

  #settle(state: Int32Array, tell: (step: number) => void): 'all' | 'end' | 'missing' {
    const { settler } = this.cast;
    const here = this.#stateOf(state, settler);
    const isQuiet = this.shared.facts[num(state, LOG)]?.isQuiet;
    const call = here?.calls[0];
    if (isQuiet || !here || call === undefined || this.#isDone(settler, here)) {
      must(isQuiet, 'intents are pending, and nobody helps');
      this.#end(state);
      return 'end';
    }
    const step = { who: settler, here, index: 0, call };
    if (!this.#go(state, step, 'goes')) return 'missing';
    // It comes round again after a while.
    const isRound = num(this.next, at(settler)) !== here.id && this.#isNewRound(here);
    if (isRound) this.next[COUNTS] = num(this.next, COUNTS) + TICK;
    tell(stepOf(settler, 0, 0));
    return 'all';
  }

  #isNewRound({ before, act }: CallerState): boolean {
    return before !== undefined && before.act < act;
  }

  #variants(state: Int32Array, step: Step, tell: (step: number) => void): void {
    const { who, index, call } = step;
    const counts = num(state, COUNTS);
    const mayFail = isAppend(this.shared.calls[call] ?? { kind: 'nap' });
    for (const [number, variant] of VARIANTS.entries()) {
      if (number > 0 && !mayFail) return;
      if ((number === 1 || number === 2) && (counts & 15) === 0) continue;
      // Where a log has steps, its node sends again by itself what nobody answers.
      if (number === 1 && this.shared.calls[call]?.kind === 'append at') continue;
      if (number > 2 && (counts & (15 * DEATH)) === 0) continue;
      if (!this.#go(state, step, variant)) return;
      tell(stepOf(who, index, number));
    }
  }

  /** @returns whether `next` is where it leads to; else `missing` says what is to be found out */
  #go(state: Int32Array, step: Step, variant: Variant): boolean {
    const { who, here, call } = step;
    const { next } = this;
    next.set(state);
    if ((bits(state, who) & BEGUN) === 0) this.#begin(state, who, here);
    switch (variant) {
      case 'is sent twice':
        next[COUNTS] = num(next, COUNTS) - UNKNOWN;
        this.#send(call);
        // Who sends the same again is where he was.
        return this.cast.sendsAnew ? this.#tell(step, AGAIN) : true;
      case 'is given up':
        next[COUNTS] = num(next, COUNTS) - UNKNOWN;
        this.#send(call);
        return this.#tell(step, UNANSWERED);
      case 'dies':
      case 'dies, sent':
        next[COUNTS] = num(next, COUNTS) - DEATH;
        next[at(who)] = DEAD;
        next[at(who) + 1] = 0;
        next[at(who) + 2] = 0;
        if (variant === 'dies, sent') this.#send(call);
        return true;
      case 'goes': {
        const outcome = this.#ask(num(state, LOG), call);
        if (!outcome) return false;
        this.#landed(outcome.log);
        return this.#tell(step, outcome.reply);
      }
    }
  }

  #ask(log: number, call: number) {
    const outcome = this.shared.known(log, call);
    if (!outcome) this.missing = () => this.shared.ask(log, call);
    return outcome;
  }

  #begin(state: Int32Array, who: number, here: CallerState): void {
    const asked = this.#asked(who, here.act);
    const facts = this.shared.facts[num(state, LOG)];
    if (!asked || !facts) return;
    this.next[at(who) + 1] = this.sights.add(0, asked, facts);
    const isTold = SEALING.has(asked.act.kind) || this.cast.hasRules;
    const ahead = isTold ? this.#aheadIn(state) : 0;
    this.next[at(who) + 2] = (bits(this.next, who) & ~AHEAD) | BEGUN | ahead;
  }

  #aheadIn(state: Int32Array): number {
    let mask = 0;
    for (let who = 0; who < this.cast.settler; who++) {
      const here = this.#stateOf(state, who);
      if (here) mask |= this.#acknowledgedBy(who, here);
    }
    return mask;
  }

  #acknowledgedBy(who: number, here: CallerState): number {
    const known = this.#acknowledged.get(here);
    if (known !== undefined) return known;
    let mask = 0;
    for (const { act, answer } of here.answers) {
      if (WRITES.has(answer.kind)) mask |= 1 << (num(this.cast.offsets, who) + act);
    }
    this.#acknowledged.set(here, mask);
    return mask;
  }

  #asked(who: number, act: number) {
    const index = num(this.cast.offsets, who) + act;
    const asked = this.cast.acts[index];
    return asked && { index, act: asked.wanted };
  }

  /** Everybody who is at work sees what the log shows now. */
  #landed(log: number): void {
    const { next } = this;
    if (next[LOG] === log) return;
    next[LOG] = log;
    const facts = this.shared.facts[log];
    if (!facts) return;
    for (let who = 0; who < this.cast.settler; who++) {
      const here = this.#stateOf(next, who);
      if (!here) continue;
      let own = bits(next, who) & ~IDLES;
      const asked = own & BEGUN ? this.#asked(who, here.act) : undefined;
      if (asked) next[at(who) + 1] = this.sights.add(num(next, at(who) + 1), asked, facts);
      if (here.calls.some((call) => this.shared.calls[call]?.kind === 'nap')) own |= AWAKE;
      next[at(who) + 2] = own;
    }
  }

  #tell({ who, here, index }: Step, reply: number): boolean {
    const { next } = this;
    const caller = this.cast.callers[who] as Caller;
    const ticks = ticksOf(next);
    const there = caller.known(here.id, index, reply, ticks);
    if (!there) {
      this.missing = () => caller.tell(here, index, reply, ticks);
      return false;
    }
    if (there.failure !== undefined) throw there.failure;
    next[at(who)] = there.id;
    const own = bits(next, who) & ~AWAKE;
    next[at(who) + 2] = own;
    for (const ended of there.ended) {
      const asked = this.cast.acts[num(this.cast.offsets, who) + ended.act];
      if (asked) {
        const [sights, ahead] = [num(next, at(who) + 1), own & AHEAD];
        this.verdicts.pass(asked, { ended, log: num(next, LOG), sights, ahead });
      }
      next[at(who) + 1] = 0;
      next[at(who) + 2] = 0;
    }
    return true;
  }

  #send(call: number): void {
    const { next } = this;
    for (let slot = 0; slot < WIRES_MAX; slot++) {
      const there = num(next, WIRES + slot);
      if (there !== 0) continue;
      next[WIRES + slot] = call;
      next.subarray(WIRES, WIRES + slot + 1).sort((left, right) => right - left);
      return;
    }
    throw new Error('too much is on its way');
  }

  #land(state: Int32Array, slot: number): boolean {
    const { next } = this;
    const outcome = this.#ask(num(state, LOG), num(state, WIRES + slot));
    if (!outcome) return false;
    next.set(state);
    next[WIRES + slot] = 0;
    next.subarray(WIRES, CALLERS).sort((left, right) => right - left);
    if (outcome.log === num(state, LOG)) return true;
    this.#landed(outcome.log);
    // What lands so late is found by the next round.
    const { settler, firsts } = this.cast;
    next[at(settler)] = firsts[settler]?.id ?? 0;
    return true;
  }

  #passTime(state: Int32Array): void {
    const { next } = this;
    next.set(state);
    next[COUNTS] = num(state, COUNTS) + TICK;
    for (let who = 0; who < this.cast.settler; who++) {
      next[at(who) + 2] = bits(next, who) & ~IDLES;
    }
  }

  #end(state: Int32Array): void {
    const ended = this.cast.callers.slice(0, this.cast.settler).flatMap((_caller, who) =>
      (this.#stateOf(state, who)?.answers ?? []).flatMap((one) => {
        const asked = this.cast.acts[num(this.cast.offsets, who) + one.act];
        return asked ? [{ asked, ended: one }] : [];
      }),
    );
    this.verdicts.passAll(ended, num(state, LOG));
  }

  #isDone(who: number, { act }: CallerState): boolean {
    return act === this.cast.callers[who]?.acts.length;
  }

  #stateOf(state: Int32Array, who: number): CallerState | undefined {
    return this.cast.callers[who]?.states[num(state, at(who))];
  }
}

interface Step {
  readonly who: number;
  readonly here: CallerState;
  /** Which of its calls. */
  readonly index: number;
  readonly call: number;
}

const WRITES: ReadonlySet<string> = new Set(['put', 'put if absent', 'remove', 'rules']);
const SEALING: ReadonlySet<string> = new Set([
  'commit',
  'merge',
  'revert',
  'pick',
  'import',
  'reset',
  'hard reset',
  'undo',
]);
