import { ChangeBranchRulesHandler } from '../../../src/commands/repository/change-branch-rules.js';
import { ChangeBranchRules } from '../../../src/commands/repository/change-branch-rules.js';
import { RuleEnforcement } from '../../../src/commands/repository/rule-enforcement.js';
import { SweepRules } from '../../../src/commands/repository/sweep-rules.js';
import { DomainError } from '../../../src/domain/errors.js';
import type { ObjectPath } from '../../../src/domain/model.js';
import type { BlockedAction } from '../../../src/domain/repository/branch-rules.js';
import type { EventLog } from '../../../src/ports/event-log.js';
import { UnknownOutcome } from '../../../src/ports/store-errors.js';
import { RepositoriesView } from '../../../src/projections/repositories.view.js';
import { MemoryCommittedStore } from '../../support/memory-committed-store.js';
import { lake } from '../../support/samples/repository.samples.js';
import { Node, partsOf } from './node.js';
import { perform, requestOf, type Operation } from './operations.js';
import { Random } from './random.js';
import { Scheduler } from './scheduler.js';
import { SteppedKv } from './stepped-kv.js';
import { LOG_KINDS, nodeLog, type LogKind } from './node-log.js';
import type { Fate } from './stepped-log.js';
import { must, Violation } from './violation.js';
import { assertRebuilt, World } from './world.js';

type Change = ChangeBranchRules['change'];
type Act = Operation | { readonly kind: 'rules'; readonly change: Change } | { kind: 'sweep' };

/** What may be planted to see that it is found. */
export interface RuleDefect {
  readonly log?: (log: EventLog) => EventLog;
}

interface Told {
  readonly act: Act;
  readonly began: number;
  readonly ended: number;
  readonly code: string | undefined;
}

/**
 * Runs writers, committers, branch creations and changes of rules on two nodes, one call to a store
 * at a time, in the order that a seed says. The reference checks every event; here it is checked
 * that an answered rule holds from its answer until somebody begins to take it away.
 *
 * @throws Violation  naming the seed
 */
export async function exploreProtection(seed: number, defect: RuleDefect = {}): Promise<number> {
  const run = new ProtectionRun(seed, defect);
  try {
    return await run.play();
  } catch (error) {
    const trace = run.scheduler.trace.join('\n  ');
    const message = error instanceof Error ? error.message : String(error);
    throw new Violation(`${message}\nSEED=${seed}:\n  ${trace}`);
  }
}

class ProtectionRun {
  readonly #random: Random;
  readonly scheduler: Scheduler;
  readonly #world = new World();
  readonly #told: Told[] = [];
  readonly #begun: Pick<Told, 'act' | 'began'>[] = [];
  readonly #failed: unknown[] = [];
  readonly #log: LogKind;
  readonly #isBatched: boolean;
  #faultsLeft: number;
  #moment = 0;

  constructor(
    seed: number,
    private readonly defect: RuleDefect,
  ) {
    this.#random = new Random(seed);
    this.scheduler = new Scheduler(this.#random);
    this.#log = this.#random.pick(LOG_KINDS);
    this.#isBatched = this.#random.chance(50);
    this.#faultsLeft = this.#random.pick([0, 1, 2, 4]);
  }

  async play(): Promise<number> {
    await this.#world.found();
    const nodes = ['A', 'B'].map((name) => this.#node(name));
    const casts = this.#casts();
    await this.#act(nodes, casts);
    this.#faultsLeft = 0;
    await this.#act([this.#node('C')], [[{ kind: 'sweep' }]]);
    this.#judge();
    await assertRebuilt(this.#world.log, this.#world.kv);
    return this.scheduler.steps;
  }

  #casts(): Act[][] {
    const random = this.#random;
    const put = (value: string): Act => ({ kind: 'put', path: 'a' as ObjectPath, value });
    const both: readonly BlockedAction[] = ['staging_write', 'commit'];
    const add = (pattern: string): Act => ({
      kind: 'rules',
      change: { type: 'AddBranchRule', rule: { pattern, blocks: both } },
    });
    const remove = (pattern: string): Act => ({
      kind: 'rules',
      change: { type: 'RemoveBranchRule', pattern },
    });
    const recreate: Act[] = [{ kind: 'delete' }, { kind: 'create' }];
    return [
      random.chance(50) ? [add('work')] : [add('work'), remove('work')],
      ...(random.chance(30) ? [[add('w*')]] : []),
      [put('v1'), put('v2')],
      random.chance(50) ? [put('v3')] : [{ kind: 'commit' }, put('v4')],
      ...(random.chance(30) ? [recreate] : []),
      ...(random.chance(30) ? [[{ kind: 'sweep' } as const]] : []),
    ];
  }

  #node(name: string): Node {
    const { kv, committed, clock, ids } = this.#world;
    const { scheduler } = this;
    const stepped = nodeLog(this.#world, {
      kind: this.#log,
      isBatched: this.#isBatched,
      node: name,
      scheduler,
      fault: () => {
        if (this.#faultsLeft === 0 || !this.#random.chance(20)) return undefined;
        this.#faultsLeft--;
        const fate = this.#random.pick<Fate>(['answer-lost', 'late', 'lost']);
        return { fate, isGivenUp: this.#random.chance(30) };
      },
    });
    return new Node(
      {
        log: this.defect.log?.(stepped) ?? stepped,
        kv: new SteppedKv(kv, name, scheduler),
        committed: new MemoryCommittedStore(committed.trees),
        clock: { nowMs: () => clock.nowMs(), sleep: () => scheduler.step(name, 'sleep') },
        ids,
      },
      partsOf(name),
    );
  }

  async #act(nodes: readonly Node[], casts: readonly (readonly Act[])[]): Promise<void> {
    for (const [index, acts] of casts.entries()) {
      const node = this.#random.pick(nodes);
      const name = `${acts[0]?.kind}-${index}-${this.#told.length}`;
      void this.scheduler.thread(name, async () => {
        for (const [at, act] of acts.entries()) await this.#do(node, act, `${name}-${at}`);
      });
    }
    await this.scheduler.run(async () => {
      await this.#world.catchUp();
      if (this.#failed.length > 0) throw this.#failed[0];
    });
  }

  async #do(node: Node, act: Act, id: string): Promise<void> {
    const began = this.#moment++;
    this.#begun.push({ act, began });
    let code: string | undefined;
    try {
      code = await answer(node, act, id);
    } catch (error) {
      // Nobody knows what became of it; or a rule was never set, and cannot be taken away.
      const isNone = error instanceof DomainError && error.code === 'rule_not_found';
      if (!isNone && !(error instanceof UnknownOutcome)) this.#failed.push(error);
      return;
    }
    this.#told.push({ act, began, ended: this.#moment++, code });
    this.scheduler.trace.push(`  ${id} is answered ${code ?? 'done'}`);
  }

  /** A write behind a rule's answer, with no removal begun before its end, is refused. */
  #judge(): void {
    const added = this.#told.filter(({ act }) => isRule(act, 'AddBranchRule'));
    // What was begun may have been done, whatever its caller was told.
    const begun = (type: Change['type'], before: number) =>
      this.#begun.some(({ act, began }) => isRule(act, type) && began < before);
    for (const { act, began, ended, code } of this.#told) {
      if (act.kind !== 'put' && act.kind !== 'commit') continue;
      const isHeld = added.some((rule) => rule.ended < began);
      const holds = isHeld && !begun('RemoveBranchRule', ended);
      must(!holds || code !== undefined, `H7, H8: a ${act.kind} was done behind a rule's answer`);
      const isProtected = code?.startsWith('protected_branch') === true;
      const mayBe = begun('AddBranchRule', ended);
      must(!isProtected || mayBe, `a ${act.kind} was refused, and no rule was about`);
    }
  }
}

const isRule = (act: Act, type: Change['type']): boolean =>
  act.kind === 'rules' && act.change.type === type;

/** Returns the code of a refusal; undefined: it was done. */
async function answer(node: Node, act: Act, id: string): Promise<string | undefined> {
  const { kv, ids } = node.ports;
  const enforcement = new RuleEnforcement(kv, node.streams, node.successors.protection);
  switch (act.kind) {
    case 'rules': {
      const handler = new ChangeBranchRulesHandler(node.places, node.streams, enforcement);
      await handler.execute(new ChangeBranchRules(lake.name, act.change, requestOf(id)));
      return undefined;
    }
    case 'sweep':
      await node.sweep.run();
      await new SweepRules(ids, new RepositoriesView(kv), enforcement).run();
      return undefined;
    default: {
      const told = await perform(node, id, act);
      if (told.kind === 'unknown') throw new UnknownOutcome('nobody knows');
      return told.kind === 'refused' ? told.code : undefined;
    }
  }
}
