import { CommitBranch } from '../../../src/commands/branch/commit-branch.js';
import { StageObject } from '../../../src/commands/object/stage-object.js';
import type { Request } from '../../../src/commands/request.js';
import { DomainError } from '../../../src/domain/errors.js';
import type { CommandId, ObjectEntry, ObjectPath, UserId } from '../../../src/domain/model.js';
import { UnknownOutcome } from '../../../src/ports/store-errors.js';
import { assertHolds } from '../../../src/domain/staging/write-condition.js';
import { work } from '../../support/samples/branch.samples.js';
import { lake } from '../../support/samples/repository.samples.js';
import { atEdge, type Said } from './at-edge.js';
import { KeyedNodes, unchanged, type Change } from './keyed-nodes.js';
import type { Node } from './node.js';
import { perform } from './operations.js';
import { Random } from './random.js';
import { sources } from './sources.js';
import { place } from './stage.js';
import { must } from './violation.js';

const path = 'a' as ObjectPath;
const merge = { kind: 'merge', strategy: 'default', isSquash: false } as const;
const caller = { user: 'ann' as UserId, requestId: 'keyed' };
const TAKEN = 'path_exists';

/**
 * Lets two nodes take the same keyed write at once while others write, commit and merge, kills one
 * of them, and lets a third take it again: it lands once at most, and all are told the same.
 *
 * @param change  what is made wrong on purpose with the log as a node sees it
 * @throws when it does not hold, with the steps that led there
 */
export async function exploreKeyed(seed: number, change = unchanged): Promise<void> {
  const run = new KeyedRun(new Random(seed), change);
  await run.nodes.play(`SEED=${seed}`, () => run.play());
}

class KeyedRun {
  readonly nodes: KeyedNodes;
  readonly #told: string[] = [];
  readonly #commands = new Set<string>();
  readonly #isConditional: boolean;

  constructor(
    private readonly random: Random,
    change: Change,
  ) {
    this.nodes = new KeyedNodes(random, change);
    this.#isConditional = random.chance(50);
    this.nodes.faultsLeft = random.pick([0, 1, 2, 4]);
  }

  async play(): Promise<void> {
    await this.nodes.world.found();
    const [a, b] = [this.nodes.node('A'), this.nodes.node('B')];
    const others = [
      () => perform(b, 'other', { kind: 'put', path, value: 'other' }),
      () => perform(a, 'gone', { kind: 'remove', path }),
      () => this.#commit(a, 'commit'),
      () => this.#commit(b, 'again'),
      () => perform(b, 'merge', { ...merge, ref: this.random.pick(sources).id }),
      () => perform(a, 'laid', { ...merge, ref: this.random.pick(sources).id }),
    ].filter(() => this.random.chance(50));
    const all: (() => Promise<unknown>)[] = [
      () => this.#keyed(a, 'a'),
      () => this.#keyed(b, 'b'),
      ...others,
    ];
    await this.nodes.act(all, this.random.chance(50) ? this.random.below(40) : -1);
    this.nodes.faultsLeft = 0;
    // What of it is committed or gone by now makes no difference.
    const c = this.nodes.node('C');
    const last = async () => {
      await this.#commit(c, 'last');
      await this.#keyed(c, 'c');
    };
    await this.nodes.act([last]);
    must(new Set(this.#told).size === 1, `different answers: ${this.#told.join(' | ')}`);
    this.#assertTrue();
    this.#assertAlone();
  }

  /** Who was told that the path is taken has no effect, ever. */
  #assertTrue(): void {
    const { landings } = this.nodes.world.reference;
    const isLanded = [...this.#commands].some((id) => landings.has(id));
    must(
      !isLanded || !this.#told.includes(TAKEN),
      'told that the path is taken, and it is by this very request',
    );
  }

  /** What was asked to be the first lies over nothing. */
  #assertAlone(): void {
    const { reference } = this.nodes.world;
    if (!this.#isConditional) return;
    for (const id of this.#commands) {
      for (const { position } of reference.landings.get(id) ?? []) {
        must(!reference.shownBefore(position)?.has(path), `${id} lands over what is there`);
      }
    }
  }

  async #keyed(node: Node, attempt: string): Promise<void> {
    const told = await atEdge(node, attempt, (request) => {
      this.#commands.add(request.commandId);
      return this.#put(node, attempt, request);
    });
    if (told) this.#told.push(told.text);
  }

  /** Each attempt has stored its body under another address; the recorded one is told. */
  async #put(node: Node, attempt: string, request: Request): Promise<Said> {
    const entry: ObjectEntry = {
      address: `s3://elsewhere/${attempt}`,
      addressType: 'full',
      checksum: 'keyed',
      sizeBytes: 1,
      modifiedAtMs: 0,
      contentType: '',
      metadata: [],
    };
    try {
      if (this.#isConditional) {
        const decide = (current: ObjectEntry | undefined) => {
          assertHolds({ kind: 'absent' }, current);
          return [{ type: 'ObjectStaged', path, entry } as const];
        };
        // As an upload does: refused by the look, or else a body comes, and anything may happen.
        const seen = this.random.chance(50) && (await node.conditional.look(place, path));
        if (seen) {
          const before = seen.current && (await node.writer.effectOf(request));
          if (before?.[0]?.type === 'ObjectStaged') return done(before[0].entry.address);
          assertHolds({ kind: 'absent' }, seen.current);
          await this.nodes.scheduler.step(attempt.toUpperCase(), 'a body comes');
        }
        const write = { path, decide, ...(seen && { seen }) };
        const [written] = await node.conditional.write(place, write, request);
        return done(written?.type === 'ObjectStaged' ? written.entry.address : 'nothing');
      }
      const object = { path, physicalAddress: entry.address, isForced: false, ...entry };
      const stage = new StageObject(lake.name, work, object, request);
      return done((await node.stage.execute(stage)).address);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      must(error.code === TAKEN, `refused: ${error.code}`);
      return { isRefusal: true, text: TAKEN };
    }
  }

  async #commit(node: Node, id: string): Promise<void> {
    const wish = { message: id, metadata: [], dateMs: 0, allowsEmpty: false, isForced: false };
    const request = { caller, commandId: id as CommandId };
    await node.commit.execute(new CommitBranch(lake.name, work, wish, request)).catch((error) => {
      if (!(error instanceof DomainError || error instanceof UnknownOutcome)) throw error;
    });
  }
}

const done = (address: string): Said => ({ isRefusal: false, text: address });
