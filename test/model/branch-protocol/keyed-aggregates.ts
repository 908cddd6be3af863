import { partOf, type Request } from '../../../src/commands/request.js';
import { DomainError } from '../../../src/domain/errors.js';
import type { CommandId, PullId } from '../../../src/domain/model.js';
import { READ_EVENTS_MAX, type RecordedEvent } from '../../../src/ports/event-log.js';
import { UnknownOutcome } from '../../../src/ports/store-errors.js';
import { work } from '../../support/samples/branch.samples.js';
import * as aggregates from './aggregate-operations.js';
import { atEdge } from './at-edge.js';
import { KeyedNodes, unchanged, UNKEPT, type Change } from './keyed-nodes.js';
import type { Node } from './node.js';
import { perform, requestOf } from './operations.js';
import { Random } from './random.js';
import { must } from './violation.js';
import { assertRebuilt } from './world.js';

/** What is done to one stream, and the event that says that it was done. */
interface AggregateOperation {
  readonly name: string;
  readonly effect: string;
  /** Of its request, by whose command the effect is. */
  readonly part?: string;
  /** Another one may have done it before: then there is nothing to do. */
  readonly mayBeDone?: boolean;
  does(node: Node, request: Request): Promise<unknown>;
}

const DELETION = 'RepositoryDeletionRequested';
const MERGE = 'pull request merged';
interface Told {
  readonly code?: string;
  readonly value?: unknown;
}

const { code, message } = new DomainError('repository_not_found');
/** What a node says, and what the key says. */
const GONE = [JSON.stringify({ code }), JSON.stringify({ message })];

/**
 * Lets two nodes do the same thing to a tag, a pull request, a commit record or a repository under
 * one key at once, while others do likewise under none; kills one of them; and lets a third take it
 * again. It is done once at most, who is told of a refusal sees no effect of it ever, and all are
 * told the same.
 *
 * @param change  what is made wrong on purpose with the log as a node sees it
 * @throws when it does not hold, with the steps that led there
 */
export async function exploreKeyedAggregates(seed: number, change = unchanged): Promise<void> {
  const run = new KeyedAggregates(new Random(seed), change);
  await run.nodes.play(`SEED=${seed}, ${run.name}`, () => run.play());
}

class KeyedAggregates {
  readonly nodes: KeyedNodes;
  readonly #told = new Map<string, CommandId>();
  readonly #unkeyedTold: { operation: AggregateOperation; id: CommandId; said: Told }[] = [];
  readonly #operation: AggregateOperation;
  #pull: PullId | undefined;
  #attemptCount = 0;

  constructor(
    private readonly random: Random,
    change: Change,
  ) {
    this.nodes = new KeyedNodes(random, change);
    this.#operation = random.pick(this.#all());
  }

  get name(): string {
    return this.#operation.name;
  }

  async play(): Promise<void> {
    const { random, nodes } = this;
    await nodes.world.found();
    const [a, b] = [nodes.node('A'), nodes.node('B')];
    await this.nodes.act([() => this.#past(random.pick([a, b]))]);
    nodes.faultsLeft = random.pick([0, 1, 2, 4]);
    const dies = random.chance(50) ? nodes.scheduler.steps + random.below(40) : -1;
    // Who takes on the merge that another has asked for knows nothing of its key: see
    // docs/adr/0019, Consequences.
    const others = this.#all()
      .filter(({ name }) => name !== MERGE || this.name !== MERGE)
      .filter(({ name }) => random.chance(name === 'repository deletion' ? 10 : 25))
      .map((one) => () => this.#unkeyed(random.pick([a, b]), `beside-${one.name}`, one));
    await this.nodes.act([() => this.#keyed(a), () => this.#keyed(b), ...others], dies);
    nodes.faultsLeft = 0;
    const c = nodes.node('C');
    await this.nodes.act([() => this.#keyed(c)]);
    await this.nodes.act([() => c.sweep.run()]);
    await this.#judge();
    await assertRebuilt(nodes.world.log, nodes.world.kv);
  }

  #all(): readonly AggregateOperation[] {
    const pull = (does: (node: Node, id: PullId, request: Request) => Promise<unknown>) => {
      return (node: Node, request: Request) =>
        does(node, this.#pull ?? ('none' as PullId), request);
    };
    const rule = { pattern: work, blocks: ['staging_write'] } as const;
    return [
      { name: 'tag', effect: 'TagCreated', does: aggregates.createTag },
      { name: 'tag deletion', effect: 'TagDeleted', does: aggregates.deleteTag },
      { name: 'tag restored', effect: 'TagCreated', does: aggregates.restoreTag },
      { name: 'repository', effect: 'RepositoryCreated', does: aggregates.createRepository },
      {
        name: 'repository deletion',
        effect: DELETION,
        mayBeDone: true,
        does: aggregates.deleteRepository,
      },
      { name: 'metadata', effect: 'RepositoryMetadataSet', does: aggregates.setMetadata },
      {
        name: 'rule',
        effect: 'BranchRulesSet',
        mayBeDone: true,
        does: (node, request) =>
          aggregates.changeRules(node, { type: 'AddBranchRule', rule }, request),
      },
      {
        name: 'rule taken away',
        effect: 'BranchRulesSet',
        does: (node, request) =>
          aggregates.changeRules(node, { type: 'RemoveBranchRule', pattern: work }, request),
      },
      { name: 'pull request', effect: 'PullRequestOpened', does: aggregates.openPull },
      {
        name: 'pull request closed',
        effect: 'PullRequestClosed',
        mayBeDone: true,
        does: pull((node, id, request) => aggregates.changePull(node, id, 'closed', request)),
      },
      {
        name: MERGE,
        effect: 'PullRequestMerged',
        part: 'pull',
        mayBeDone: true,
        does: pull(aggregates.mergePull),
      },
      {
        name: 'commit record',
        effect: 'CommitRecorded',
        mayBeDone: true,
        does: aggregates.recordCommit,
      },
    ];
  }

  /** What is there already: most of the time something that the operation can be done to. */
  async #past(node: Node): Promise<void> {
    const { random } = this;
    for (const one of [...this.#all()].filter(() => random.chance(15))) {
      if (one.name !== 'repository deletion') await this.#unkeyed(node, `past-${one.name}`, one);
    }
    if (random.chance(70)) {
      await perform(node, 'put', { kind: 'put', path: 'a' as never, value: 'v0' });
      await perform(node, 'commit', { kind: 'commit' });
    }
    if (random.chance(80)) this.#pull = await aggregates.openPull(node, requestOf('pull'));
  }

  async #unkeyed(node: Node, id: string, operation: AggregateOperation): Promise<void> {
    const said = await told(operation.does(node, requestOf(id)));
    if (said) this.#unkeyedTold.push({ operation, id: id as CommandId, said });
  }

  async #keyed(node: Node): Promise<void> {
    const attempt = `attempt-${this.#attemptCount++}`;
    const answer = await atEdge(node, attempt, async (request) => {
      const said = await told(this.#operation.does(node, request));
      return said && { isRefusal: said.code !== undefined, text: JSON.stringify(said) };
    });
    if (!answer) return;
    this.nodes.scheduler.trace.push(`  told ${answer.text.slice(0, 60)}`);
    this.#told.set(answer.text, answer.id);
  }

  async #judge(): Promise<void> {
    const all = await this.nodes.world.log.readAll({ after: 0, limit: READ_EVENTS_MAX });
    const isGone = all.some(({ type }) => type === DELETION);
    // Of a repository that has gone this is told whatever was done in it before.
    const mayBeGone = ({ effect }: AggregateOperation) => isGone && effect !== DELETION;
    for (const { operation, id, said } of this.#unkeyedTold) {
      const isOfGone = GONE.includes(JSON.stringify(said)) && mayBeGone(operation);
      if (!isOfGone) judge(all, operation, id, said);
    }
    if (mayBeGone(this.#operation)) {
      const isTold = GONE.filter((text) => this.#told.delete(text)).length > 0;
      if (isTold && this.#told.size === 0) return;
    }
    must(this.#told.size === 1, `different answers: ${[...this.#told.keys()].join(' | ')}`);
    const [[text, id] = ['{}', '' as CommandId]] = this.#told;
    const said = JSON.parse(text) as Told;
    // In steps a refusal is not the last word: see docs/adr/0019, Consequences.
    const isLastWord = this.nodes.log === 'whole';
    if (said.code === undefined || isLastWord) judge(all, this.#operation, id, said);
  }
}

/** Who is told that it is done finds it in the log, once; who is refused finds nothing of it. */
function judge(
  all: readonly RecordedEvent[],
  { name, effect, part, mayBeDone = false }: AggregateOperation,
  id: CommandId,
  said: Told,
): void {
  const by = part === undefined ? id : partOf({ ...requestOf(''), commandId: id }, part).commandId;
  const own = all.filter(({ type, commandId }) => type === effect && commandId === by);
  const isMerged = all.some(({ type, commandId }) => type === 'Merged' && commandId === id);
  const what = `${name} by ${id} is told ${JSON.stringify(said)}, and ${effect}`;
  must(own.length <= 1, `${what} stands there ${own.length} times`);
  const isThere = own.length > 0 || isMerged;
  if (said.code !== undefined) return must(!isThere, `${what} stands there`);
  const isDone = own.length > 0 || (mayBeDone && all.some(({ type }) => type === effect));
  must(isDone, `${what} does not stand there`);
}

/** Returns what a caller would be told; undefined: nothing that is certain. */
async function told(doing: Promise<unknown>): Promise<Told | undefined> {
  try {
    return { value: (await doing) ?? null };
  } catch (error) {
    if (error instanceof DomainError) {
      return UNKEPT.has(error.code) ? undefined : { code: error.code };
    }
    if (error instanceof UnknownOutcome) return undefined;
    throw error;
  }
}
