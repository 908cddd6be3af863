import type { CommandId, ObjectPath } from '../../../src/domain/model.js';
import { work } from '../../support/samples/branch.samples.js';
import { atEdge } from './at-edge.js';
import { judge, judgeAll, type Call } from './judge.js';
import { KeyedNodes, unchanged, UNKEPT, type Change } from './keyed-nodes.js';
import type { Node } from './node.js';
import { perform, type Answer, type Operation } from './operations.js';
import { Random } from './random.js';
import { sources } from './sources.js';
import { must } from './violation.js';
import { assertRebuilt } from './world.js';

const path = 'a' as ObjectPath;
const WRITES: ReadonlySet<Operation['kind']> = new Set(['put', 'put if absent', 'remove']);

/**
 * Lets two nodes take the same operation under one key at once, while others write, commit, delete
 * the branch and make it again; kills one of them; and lets a third take it again. It is done once
 * at most, what is told is true, and all are told the same.
 *
 * @param change  what is made wrong on purpose with the log as a node sees it
 * @throws when it does not hold, with the steps that led there
 */
export async function exploreKeyedOperations(seed: number, change = unchanged): Promise<void> {
  const run = new KeyedOperations(new Random(seed), change);
  await run.nodes.play(`SEED=${seed}, ${run.name}`, () => run.play());
}

class KeyedOperations {
  readonly nodes: KeyedNodes;
  readonly #told = new Set<string>();
  readonly #calls: Call[] = [];
  readonly #operation: Operation;
  #moment = 0;
  #began: Call['began'] | undefined;

  constructor(
    private readonly random: Random,
    change: Change,
  ) {
    this.nodes = new KeyedNodes(random, change);
    this.#operation = random.pick(operations(random));
  }

  get name(): string {
    return this.#operation.kind;
  }

  async play(): Promise<void> {
    const { random } = this;
    await this.nodes.world.found();
    const [a, b] = [this.nodes.node('A'), this.nodes.node('B')];
    const past = random.pick<readonly Operation[]>([
      [],
      [put('v0')],
      [put('v0'), { kind: 'commit' }],
      [put('v0'), { kind: 'commit' }, put('v1')],
      [put('v0'), { kind: 'delete' }],
    ]);
    await this.nodes.act([() => this.#others(random.pick([a, b]), 'before', past)]);
    this.nodes.faultsLeft = random.pick([0, 1, 2, 4]);
    const dies = random.chance(50) ? this.nodes.scheduler.steps + random.below(60) : -1;
    const others = [
      () => this.#others(b, 'b', [put('v2'), { kind: 'commit' }]),
      () => this.#others(a, 'a', [{ kind: 'commit' }, put('v3')]),
      () => this.#others(a, 'again', [{ kind: 'delete' }, { kind: 'create' }]),
      () => this.#others(b, 'undo', [{ kind: 'undo' }]),
    ].filter(() => random.chance(40));
    await this.nodes.act([() => this.#keyed(a), () => this.#keyed(b), ...others], dies);
    this.nodes.faultsLeft = 0;
    const c = this.nodes.node('C');
    // What of it is committed, undone or gone by now makes no difference.
    await this.nodes.act([() => this.#others(c, 'last', [{ kind: 'commit' }])]);
    await this.nodes.act([() => this.#keyed(c)]);
    await this.nodes.act([() => c.sweep.run()]);
    must(this.#told.size === 1, `different answers: ${[...this.#told].join(' | ')}`);
    // In steps a refusal is the last word of a write alone: see docs/adr/0019, Consequences.
    const isLastWord = this.nodes.log === 'whole' || WRITES.has(this.#operation.kind);
    if (isLastWord) judgeAll(this.#calls, this.nodes.world.reference);
    await assertRebuilt(this.nodes.world.log, this.nodes.world.kv);
  }

  async #others(node: Node, id: string, all: readonly Operation[]): Promise<void> {
    for (const [at, operation] of all.entries()) await perform(node, `${id}-${at}`, operation);
  }

  async #keyed(node: Node): Promise<void> {
    const began = await this.#now();
    this.#began ??= began;
    const told = await atEdge(node, `attempt-${began.moment}`, async (request) => {
      const answer = await perform(node, request.commandId, this.#operation, request);
      const isRefusal = answer.kind === 'refused';
      if (answer.kind === 'unknown' || (isRefusal && UNKEPT.has(answer.code))) return undefined;
      return { isRefusal, text: JSON.stringify(answer) };
    });
    if (told) await this.#tell(told.id, told.text);
  }

  async #tell(id: CommandId, text: string): Promise<void> {
    this.nodes.scheduler.trace.push(`  told ${text.slice(0, 60)}`);
    this.#told.add(text);
    const began = this.#began ?? { moment: 0, position: 0 };
    const answer = JSON.parse(text) as Answer;
    const ended = { ...(await this.#now()), answer };
    const call = { id: id as string, operation: this.#operation, began, ended };
    this.#calls.push(call);
    judge(call, this.nodes.world.reference);
  }

  async #now() {
    await this.nodes.world.catchUp();
    return { moment: this.#moment++, position: this.nodes.world.reference.position };
  }
}

const put = (value: string): Operation => ({ kind: 'put', path, value });

function operations(random: Random): readonly Operation[] {
  const { id: ref } = random.pick(sources);
  return [
    put('keyed'),
    { kind: 'remove', path },
    { kind: 'put if absent', path, value: 'keyed' },
    { kind: 'commit' },
    { kind: 'merge', ref, strategy: 'source-wins', isSquash: false },
    { kind: 'revert', ref: work },
    { kind: 'reset', scope: { kind: 'all' } },
    { kind: 'hard reset', ref: `${work}^` },
    { kind: 'delete' },
    { kind: 'create' },
    { kind: 'undo' },
    { kind: 'restore' },
  ];
}
