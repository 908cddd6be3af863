import { expect } from '@jest/globals';
import { CommitBranch } from '../../src/commands/branch/commit-branch.js';
import { CreateBranch } from '../../src/commands/branch/create-branch.js';
import { DeleteBranch } from '../../src/commands/branch/delete-branch.js';
import { RestoreBranch } from '../../src/commands/undo/restore-branch.js';
import { UndoBranch } from '../../src/commands/undo/undo-branch.js';
import { DomainError } from '../../src/domain/errors.js';
import type { BranchId, RepositoryId } from '../../src/domain/model.js';
import { ListObjects } from '../../src/queries/list-objects.js';
import type { TestMoraine } from '../support/moraine.js';

const ROUNDS = 1;
const page = { after: '', amount: 1000 };
const isForced = false;

/** What a workload does on branches: with its own book-keeping. */
interface Hands {
  upload(branch: BranchId, path: string): Promise<void>;
  tally<Result>(work: Promise<Result>): Promise<Result>;
}

/** Commits that are taken back, and branches that go and come back, while a node is cut off. */
export class Undos {
  /** By branch: the objects that it must show, if it is there. */
  readonly #paths = new Map<BranchId, string[]>();
  readonly #restored = new Set<BranchId>();

  constructor(
    private readonly node: TestMoraine,
    private readonly repository: RepositoryId,
    private readonly hands: Hands,
  ) {}

  start(): readonly Promise<void>[] {
    return [this.#undoOften()];
  }

  /** Whatever was answered, each branch is whole or gone: no object of one alone is missing. */
  async assertKept(other: TestMoraine): Promise<void> {
    for (const [branch, paths] of this.#paths) {
      const found = await this.#listed(other, branch);
      const isThere = found !== undefined || this.#restored.has(branch);
      if (isThere) expect([branch, found]).toEqual([branch, expect.arrayContaining(paths)]);
    }
  }

  async #undoOften(): Promise<void> {
    const { repository } = this;
    for (let round = 0; round < ROUNDS; round++) {
      const branch = `undone-${round}` as BranchId;
      const paths: string[] = [];
      const made = { branch, sourceRef: 'main', isHidden: false, isForced };
      await this.#do((request) => new CreateBranch(repository, made, request));
      this.#paths.set(branch, paths);
      for (const path of ['committed', 'since']) {
        await this.hands.tally(this.hands.upload(branch, `${branch}/${path}`));
        paths.push(`${branch}/${path}`);
        if (path === 'committed') await this.#commit(branch);
      }
      const newest = { revision: undefined, commitId: undefined, isForced };
      await this.#do((request) => new UndoBranch(repository, branch, newest, request));
      await this.#do((request) => new DeleteBranch(repository, branch, { isForced }, request));
      await this.#do((request) => new RestoreBranch(repository, branch, { isForced }, request));
      this.#restored.add(branch);
    }
  }

  async #commit(branch: BranchId): Promise<void> {
    const wish = { message: 'm', metadata: [], dateMs: undefined, allowsEmpty: false, isForced };
    await this.#do((request) => new CommitBranch(this.repository, branch, wish, request));
  }

  #do(
    command: (
      request: ReturnType<TestMoraine['newRequest']>,
    ) => Parameters<TestMoraine['execute']>[0],
  ): Promise<unknown> {
    return this.hands.tally(this.node.execute(command(this.node.newRequest())));
  }

  async #listed(node: TestMoraine, branch: BranchId): Promise<readonly string[] | undefined> {
    const flat = { prefix: '', delimiter: '' };
    try {
      const { items } = await node.ask(new ListObjects(this.repository, branch, page, flat));
      return items.map(({ path }) => path);
    } catch (error) {
      if (error instanceof DomainError && error.code === 'ref_not_found') return undefined;
      throw error;
    }
  }
}
