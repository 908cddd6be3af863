import { MemoryCommittedStore } from '../../support/memory-committed-store.js';
import { lake, NOW_MS } from '../../support/samples/repository.samples.js';
import { work } from '../../support/samples/branch.samples.js';
import { StepwiseEventLog } from '../../../src/event-log/stepwise-event-log.js';
import type { EventLog } from '../../../src/ports/event-log.js';
import type { KvStore } from '../../../src/ports/kv-store.js';
import {
  ChangeBranchRules,
  ChangeBranchRulesHandler,
} from '../../../src/commands/repository/change-branch-rules.js';
import { RuleEnforcement } from '../../../src/commands/repository/rule-enforcement.js';
import { UnknownOutcome } from '../../../src/ports/store-errors.js';
import type { Defect } from '../branch-protocol/defects.js';
import { Node } from '../branch-protocol/node.js';
import type { LogKind } from '../branch-protocol/node-log.js';
import { perform, requestOf, type Answer, type Operation } from '../branch-protocol/operations.js';
import { TestHooks } from '../branch-protocol/test-hooks.js';
import { TestIds } from '../branch-protocol/world.js';
import {
  CallClock,
  CallKv,
  CallLog,
  CallStreams,
  type Ask,
  type Call,
  type Reply,
} from './calls.js';

/** What a caller does: an operation, a sweep, or what makes its node know of the branch. */
export type Act = Operation | { readonly kind: 'sweep' | 'look' | 'open' | 'rules' };

export interface Ended {
  readonly act: number;
  readonly answer: Answer | { readonly kind: 'done' | 'rules' };
}

/** What callers have in common. */
export interface Setting {
  readonly kind: LogKind;
  readonly defect: Defect;
  /** What never changes. */
  readonly settled: KvStore;
  readonly trees: MemoryCommittedStore['trees'];
  readonly hasHooks: boolean;
  /** Each node gives trees names of its own. */
  readonly hasVersions: boolean;
  readonly ownTokens: number;
  /** Somebody changes what the repository says of its branches. */
  readonly hasRules: boolean;
}

export const TICK_MS = 3_000;

interface Pending {
  readonly call: Call;
  readonly resolve: (reply: Reply) => void;
}

/** A node that does one thing after the other, and waits at each call until it is answered. */
class Run {
  readonly pending: Pending[] = [];
  readonly ended: Ended[] = [];
  act = 0;
  failure: unknown;
  #ticks = 0;

  constructor(
    private readonly name: string,
    acts: readonly Act[],
    setting: Setting,
  ) {
    const node = this.#node(setting);
    this.#all(node, acts).catch((error: unknown) => (this.failure = error));
  }

  async feed(at: number, reply: Reply, ticks: number): Promise<void> {
    this.#ticks = ticks;
    const [one] = this.pending.splice(at, 1);
    if (!one) throw new Error(`${this.name} does not do what it did before`);
    one.resolve(reply);
    await settled();
  }

  readonly #ask: Ask = (call, signal) =>
    new Promise((resolve) => {
      const one = { call, resolve };
      this.pending.push(one);
      const giveUp = () => {
        const at = this.pending.indexOf(one);
        if (at >= 0) this.pending.splice(at, 1);
      };
      signal?.addEventListener('abort', giveUp, { once: true });
    });

  async #all(node: Node, acts: readonly Act[]): Promise<void> {
    for (const [index, act] of acts.entries()) {
      this.act = index;
      const answer = await this.#one(node, act, index);
      this.ended.push({ act: index, answer });
    }
    this.act = acts.length;
  }

  async #one(node: Node, act: Act, index: number): Promise<Ended['answer']> {
    const id = commandOf(this.name, index);
    const place = { repository: lake, branch: work };
    switch (act.kind) {
      case 'look':
        await node.branches.view(place);
        return DONE;
      case 'open':
        await node.writer.afterClose(place, -1, requestOf(id));
        return DONE;
      case 'sweep':
        await node.sweep.run().catch((error: unknown) => {
          if (!(error instanceof UnknownOutcome)) throw error;
        });
        return DONE;
      case 'rules':
        return protect(node, id);
      default:
        return perform(node, id, act);
    }
  }

  #node({ kind, defect, settled: rows, trees, ...setting }: Setting): Node {
    const ask = this.#ask;
    const clock = new CallClock(ask, () => NOW_MS + this.#ticks * TICK_MS);
    const version = setting.hasVersions ? this.name : '';
    const committed = new MemoryCommittedStore(trees, version);
    const log = logOf(kind, ask, defect);
    const hook = async ({ runId }: { runId: string }) => {
      await ask({ kind: 'hook', runId, node: this.name });
      return true;
    };
    const hooks = new TestHooks(new Map(), this.name, { limitMs: TICK_MS - 2_000, hook });
    return new Node(
      {
        log: defect.log?.(log) ?? log,
        kv: new CallKv(ask, rows, setting.hasRules ? NEVER_TOUCHED : NEVER_CHANGED),
        committed: defect.committed?.(committed, this.name) ?? committed,
        clock,
        ids: new TestIds(this.name),
        ...(setting.hasHooks && { hooks }),
      },
      { dropGraceMs: TICK_MS, ownTokens: setting.ownTokens, ...defect.parts },
    );
  }
}

/** Forbids all writes and commits to the branch. */
async function protect(node: Node, id: string): Promise<Ended['answer']> {
  const { kv } = node.ports;
  const enforcement = new RuleEnforcement(kv, node.streams, node.successors.protection);
  const handler = new ChangeBranchRulesHandler(node.places, node.streams, enforcement);
  const rule = { pattern: work as string, blocks: ['staging_write', 'commit'] } as const;
  const change = { type: 'AddBranchRule', rule } as const;
  try {
    await handler.execute(new ChangeBranchRules(lake.name, change, requestOf(id)));
    return { kind: 'rules' };
  } catch (error) {
    if (error instanceof UnknownOutcome) return { kind: 'unknown' };
    throw error;
  }
}

function logOf(kind: LogKind, ask: Ask, { streams, resent }: Defect): EventLog {
  if (kind === 'whole') return new CallLog(ask, resent);
  const store = new CallStreams(ask);
  return new StepwiseEventLog({ store: streams?.(store) ?? store, streamsMax: 50 });
}

/** Views that nobody changes here. */
const NEVER_TOUCHED = /^tags\//;
const NEVER_CHANGED = /^(?:repositories|tags)\//;

const DONE = { kind: 'done' } as const;

/** Returns the id of the command that an act of a caller is. */
export const commandOf = (name: string, act: number): string => `${name}-${act}`;

/** Resolves when whatever goes on without an answer has come to its end. */
const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** Where a caller has come to: what it has asked and was told, in this order. */
export interface CallerState {
  readonly id: number;
  readonly before: CallerState | undefined;
  /** What it was told last: to which of its calls, what, and at what time. */
  readonly told: readonly [at: number, reply: number, ticks: number];
  /** What it waits for. */
  readonly calls: readonly number[];
  /** What it is doing; the number of acts, when it has done all. */
  readonly act: number;
  /** What came to an end with what it was told last. */
  readonly ended: readonly Ended[];
  /** Of all acts so far. */
  readonly answers: readonly Ended[];
  readonly failure: unknown;
}

/** The names of calls and replies: whoever knows them can tell a caller again what it was told. */
export interface Words {
  idOf(call: Call): number;
  reply(id: number): Reply;
}

/**
 * All that a caller may come to, as far as it was asked. Its next state follows from what it is
 * told, so the program itself is run once for each of them; and from its beginning only where two
 * ways part.
 */
export class Caller {
  readonly states: CallerState[] = [];
  runCount = 0;
  readonly #next = new Map<number, CallerState>();
  readonly #runs = new Map<number, Run>();

  constructor(
    readonly name: string,
    readonly acts: readonly Act[],
    private readonly setting: Setting,
    private readonly words: Words,
  ) {}

  async begin(): Promise<CallerState> {
    const run = this.#run();
    await settled();
    return this.#keep(run, undefined, [0, 0, 0]);
  }

  /** Returns where a caller comes to; undefined: nobody has tried yet. */
  known(state: number, at: number, reply: number, ticks: number): CallerState | undefined {
    return this.#next.get(wayOf(state, at, reply, ticks));
  }

  async tell(state: CallerState, at: number, reply: number, ticks: number): Promise<CallerState> {
    const run = this.#runs.get(state.id) ?? (await this.#again(state));
    this.#runs.delete(state.id);
    await run.feed(at, this.words.reply(reply), ticks);
    const next = this.#keep(run, state, [at, reply, ticks]);
    this.#next.set(wayOf(state.id, at, reply, ticks), next);
    return next;
  }

  #run(): Run {
    this.runCount++;
    return new Run(this.name, this.acts, this.setting);
  }

  async #again(state: CallerState): Promise<Run> {
    const told: CallerState['told'][] = [];
    for (let at = state; at.before; at = at.before) told.push(at.told);
    const run = this.#run();
    await settled();
    for (const [at, reply, ticks] of told.toReversed()) {
      await run.feed(at, this.words.reply(reply), ticks);
    }
    return run;
  }

  #keep(run: Run, before: CallerState | undefined, told: CallerState['told']): CallerState {
    const known = before?.answers.length ?? 0;
    const state: CallerState = {
      id: this.states.length,
      before,
      told,
      calls: run.pending.map(({ call }) => this.words.idOf(call)),
      act: run.act,
      ended: run.ended.slice(known),
      answers: [...run.ended],
      failure: run.failure,
    };
    this.states.push(state);
    this.#runs.set(state.id, run);
    if (this.#runs.size > RUNS_KEPT) {
      const [oldest] = this.#runs.keys();
      if (oldest !== undefined) this.#runs.delete(oldest);
    }
    return state;
  }
}

const RUNS_KEPT = 3_000;

/** Replies are fewer than 2²⁰, calls at once fewer than 8, ticks fewer than 16. */
const wayOf = (state: number, at: number, reply: number, ticks: number): number =>
  ((state * 8 + at) * 16 + ticks) * 2 ** 20 + reply;
