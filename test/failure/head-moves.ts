import { expect } from '@jest/globals';
import { CommitBranch } from '../../src/commands/branch/commit-branch.js';
import { CreateBranch } from '../../src/commands/branch/create-branch.js';
import { MergeIntoBranch } from '../../src/commands/branch/merge-into-branch.js';
import { ResetBranch } from '../../src/commands/branch/reset-branch.js';
import type { ResetScope } from '../../src/domain/branch/branch.wishes.js';
import type { BranchId, ObjectPath, RepositoryId } from '../../src/domain/model.js';
import { ListObjects } from '../../src/queries/list-objects.js';
import { LogCommits, WHOLE_LOG } from '../../src/queries/log-commits.js';
import type { TestMoraine } from '../support/moraine.js';

const TRUNK = 'trunk' as BranchId;
const SCRAP = 'scrap' as BranchId;
const ROUNDS = 3;
const PAGE_ITEMS = 1000;
const isForced = false;

/** What a workload does on branches: with its own book-keeping. */
interface Hands {
  upload(branch: BranchId, path: string): Promise<void>;
  tally<Result>(work: Promise<Result>): Promise<Result>;
}

/** Merges into one branch, and resets of another, while a node is cut off. */
export class HeadMoves {
  readonly #merged: string[] = [];
  readonly #discarded: string[] = [];
  readonly #staged: string[] = [];

  constructor(
    private readonly node: TestMoraine,
    private readonly repository: RepositoryId,
    private readonly hands: Hands,
  ) {}

  async prepare(): Promise<void> {
    for (const branch of [TRUNK, SCRAP]) await this.#create(branch);
  }

  start(): readonly Promise<void>[] {
    return [this.#mergeOften('left'), this.#mergeOften('right'), this.#resetOften()];
  }

  /** Holds another node's view of the branches against what was answered here. */
  async assertKept(other: TestMoraine): Promise<void> {
    const trunk = await this.#paths(other, TRUNK);
    expect([...trunk]).toEqual(expect.arrayContaining(this.#merged));
    const page = { after: '', amount: PAGE_ITEMS };
    const log = await other.ask(new LogCommits(this.repository, TRUNK, page, WHOLE_LOG));
    const merges = log.items.filter(({ message }) => message.startsWith('merge of '));
    const messages = merges.map(({ message }) => message);
    expect(new Set(messages).size).toBe(messages.length);
    for (const { parents } of merges) expect(parents).toHaveLength(2);
    const scrap = await this.#paths(other, SCRAP);
    expect(this.#discarded.filter((path) => scrap.has(path))).toEqual([]);
    expect([...scrap]).toEqual(expect.arrayContaining(this.#staged));
  }

  async #mergeOften(side: string): Promise<void> {
    const branch = `side-${side}` as BranchId;
    await this.#create(branch);
    for (let round = 0; round < ROUNDS; round++) {
      const path = `${side}/${round}`;
      await this.hands.tally(this.hands.upload(branch, path));
      await this.hands.tally(this.#commit(branch, path));
      await this.hands.tally(this.#merge(branch, path));
      this.#merged.push(path);
    }
  }

  async #resetOften(): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      const [lost, kept] = [`lost/${round}`, `kept/${round}`];
      for (const path of [lost, kept]) await this.hands.tally(this.hands.upload(SCRAP, path));
      this.#staged.push(kept);
      await this.hands.tally(this.#reset({ kind: 'prefix', prefix: 'lost/' }));
      this.#discarded.push(lost);
    }
  }

  async #create(branch: BranchId): Promise<void> {
    const wish = { branch, sourceRef: 'main', isHidden: false, isForced };
    const command = new CreateBranch(this.repository, wish, this.node.newRequest());
    await this.hands.tally(this.node.execute(command));
  }

  async #commit(branch: BranchId, message: string): Promise<void> {
    const wish = { message, metadata: [], dateMs: undefined, allowsEmpty: false, isForced };
    const request = this.node.newRequest();
    await this.node.execute(new CommitBranch(this.repository, branch, wish, request));
  }

  async #merge(source: BranchId, path: string): Promise<void> {
    const words = { message: `merge of ${path}`, metadata: [], strategy: 'default' } as const;
    const flags = { isSquash: false, allowsEmpty: false, isForced };
    const wish = { sourceRef: source, ...words, ...flags };
    const request = this.node.newRequest();
    await this.node.execute(new MergeIntoBranch(this.repository, TRUNK, wish, request));
  }

  async #reset(scope: ResetScope): Promise<void> {
    const request = this.node.newRequest();
    const wish = { scope, isForced };
    await this.node.execute(new ResetBranch(this.repository, SCRAP, wish, request));
  }

  async #paths(node: TestMoraine, branch: BranchId): Promise<ReadonlySet<string>> {
    const page = { after: '', amount: PAGE_ITEMS };
    const flat = { prefix: '', delimiter: '' };
    const listed = await node.ask(new ListObjects(this.repository, branch, page, flat));
    return new Set(listed.items.map(({ path }) => path as ObjectPath));
  }
}
