import { setTimeout as sleep } from 'node:timers/promises';
import { CommitBranch } from '../../src/commands/branch/commit-branch.js';
import { CreateBranch } from '../../src/commands/branch/create-branch.js';
import { DeleteBranch } from '../../src/commands/branch/delete-branch.js';
import { HardResetBranch } from '../../src/commands/branch/hard-reset-branch.js';
import { MergeIntoBranch } from '../../src/commands/branch/merge-into-branch.js';
import { ResetBranch } from '../../src/commands/branch/reset-branch.js';
import { RevertBranch } from '../../src/commands/branch/revert-branch.js';
import { StageObject } from '../../src/commands/object/stage-object.js';
import { UnstageObjects } from '../../src/commands/object/unstage-objects.js';
import { CreateRepository } from '../../src/commands/repository/create-repository.js';
import { DeleteRepository } from '../../src/commands/repository/delete-repository.js';
import { UndoBranch } from '../../src/commands/undo/undo-branch.js';
import { CreateTag } from '../../src/commands/tag/create-tag.js';
import { DeleteTag } from '../../src/commands/tag/delete-tag.js';
import type { Request } from '../../src/commands/request.js';
import { DomainError } from '../../src/domain/errors.js';
import type { BranchId, ObjectPath, RepositoryId } from '../../src/domain/model.js';
import type { StorageNamespace, TagId, UserId } from '../../src/domain/model.js';
import { Clock } from '../../src/ports/clock.js';
import { ListObjects } from '../../src/queries/list-objects.js';
import { StatObject } from '../../src/queries/stat-object.js';
import type { TestMoraine } from '../support/moraine.js';
import type { SeededRandom } from '../support/seeded-random.js';

/** What was done, as the one who did it wrote it down. */
export interface Done {
  readonly caller: string;
  readonly requestId: string;
  readonly atMs: number;
  readonly operation: string;
  readonly hasFailed: boolean;
  readonly repository: string;
  readonly branch?: string;
  readonly tag?: string;
  readonly path?: string;
  readonly prefix?: string;
  /** What led a branch to another tree, in one life of a repository: the paths that it changed. */
  readonly move?: { readonly life: number; readonly changed: readonly string[] };
}

export const CALLERS = ['ada', 'ben', 'eve', 'moritz'];
export const PATHS = [
  'a/b/c',
  'a/b/d',
  'a/bc',
  'a/b/c/d/e',
  'a',
  'x/y',
  'x/y/z',
  'ä/ö',
  '=1+1',
  'b',
];
const BRANCHES = ['main', 'side', 'dev'];
const NAMES = ['lake', 'pond', 'lake2'];

/** Stands still while something is done; nodes' clocks differ, so it does not only go on. */
export class SteppedClock extends Clock {
  #ms = Date.parse('2026-11-21T12:00:00Z');

  override nowMs(): number {
    return this.#ms;
  }

  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await sleep(Math.min(ms, 20), undefined, signal && { signal }).catch(() => undefined);
  }

  step(random: SeededRandom): void {
    this.#ms += random.below(3_000) - 1_300;
  }
}

/** Does one thing after the other, by several callers, and writes down what it did. */
export class AuditedHistory {
  readonly done: Done[] = [];
  /** Lives of repositories that are over. */
  readonly goneLives = new Set<number>();
  readonly #lives = new Map<string, number>();
  #requests = 0;
  /** Branches of the repositories that are there. */
  readonly #branches = new Map<string, Set<string>>();

  constructor(
    private readonly moraine: TestMoraine,
    private readonly clock: SteppedClock,
    private readonly random: SeededRandom,
  ) {}

  async run(stepCount: number): Promise<void> {
    for (let step = 0; step < stepCount; step++) {
      this.clock.step(this.random);
      await this.#step();
    }
  }

  /** Something that always comes to something. */
  async write(): Promise<void> {
    const name = [...this.#branches.keys()][0] ?? (await this.#create('lake'));
    await this.#stage({ name, branch: 'main' });
  }

  async #step(): Promise<void> {
    const { random } = this;
    const name = random.pick(NAMES);
    const branches = this.#branches.get(name);
    if (!branches) return void (await this.#create(name));
    const branch = random.pick([...branches]);
    const at = { name, branch };
    const chance = random.below(100);
    if (chance < 40) await this.#stage(at);
    else if (chance < 52) await this.#remove(at);
    else if (chance < 62) await this.#commits(at);
    else if (chance < 70) await this.#branch(at);
    else if (chance < 76) await this.#merge(at);
    else if (chance < 84) await this.#reset(at);
    else if (chance < 87) await this.#revert(at);
    else if (chance < 90) await this.#hardReset(at);
    else if (chance < 92) await this.#undo(at);
    else if (chance < 95) await this.#tag(name);
    else if (chance < 98 && branch !== 'main') await this.#deleteBranch(at);
    else if (chance === 99) await this.#delete(name);
  }

  async #create(name: string): Promise<string> {
    const request = this.#request();
    const wish = {
      name: name as RepositoryId,
      namespace: `mem://${name}-${this.#requests}` as StorageNamespace,
      defaultBranch: 'main' as BranchId,
      isReadOnly: false,
      isBare: false,
    };
    await this.moraine.execute(new CreateRepository(wish, request));
    this.#note(request, { operation: 'create repository', repository: name });
    this.#note(request, { operation: 'create branch', repository: name, branch: 'main' });
    this.#lives.set(name, this.#requests);
    this.#branches.set(name, new Set(['main']));
    return name;
  }

  async #delete(name: string): Promise<void> {
    const request = this.#request();
    const id = name as RepositoryId;
    await this.moraine.execute(new DeleteRepository(id, { isForced: false }, request));
    this.#note(request, { operation: 'delete repository', repository: name });
    for (const branch of this.#branches.get(name) ?? []) {
      this.#note(request, { operation: 'delete branch', repository: name, branch });
    }
    this.goneLives.add(this.#lives.get(name) ?? 0);
    this.#branches.delete(name);
  }

  async #stage({ name, branch }: Place): Promise<void> {
    const request = this.#request();
    const path = this.random.pick(PATHS);
    await this.moraine.execute(
      new StageObject(name as RepositoryId, branch as BranchId, objectAt(path), request),
    );
    this.#note(request, { operation: 'write object', repository: name, branch, path });
  }

  async #remove({ name, branch }: Place): Promise<void> {
    const request = this.#request();
    const wanted = PATHS.filter(() => this.random.below(3) === 0) as ObjectPath[];
    if (wanted.length === 0) return;
    const there: ObjectPath[] = [];
    for (const path of wanted) {
      const stat = new StatObject(name as RepositoryId, branch, path);
      const isThere = await this.moraine.ask(stat).then(
        () => true,
        () => false,
      );
      if (isThere) there.push(path);
    }
    const id = name as RepositoryId;
    const options = { isForced: false };
    await this.moraine.execute(
      new UnstageObjects(id, branch as BranchId, wanted, options, request),
    );
    for (const path of there) {
      this.#note(request, { operation: 'delete object', repository: name, branch, path });
    }
  }

  /** Several at once: whoever comes first completes the others' too. */
  async #commits({ name, branch }: Place): Promise<void> {
    const count = 1 + this.random.below(4);
    await Promise.all(
      Array.from({ length: count }, async () => {
        const request = this.#request();
        const allowsEmpty = this.random.below(2) === 0;
        const wish = {
          message: 'm',
          metadata: [],
          dateMs: undefined,
          allowsEmpty,
          isForced: false,
        };
        const of = { operation: 'commit', repository: name, branch };
        const id = name as RepositoryId;
        await this.#tried(request, of, new CommitBranch(id, branch as BranchId, wish, request));
      }),
    );
  }

  async #branch({ name, branch }: Place): Promise<void> {
    const made = this.random.pick(BRANCHES);
    if (this.#branches.get(name)?.has(made)) return;
    const request = this.#request();
    const wish = { branch: made as BranchId, sourceRef: branch, isHidden: false, isForced: false };
    await this.moraine.execute(new CreateBranch(name as RepositoryId, wish, request));
    this.#note(request, { operation: 'create branch', repository: name, branch: made });
    this.#branches.get(name)?.add(made);
  }

  async #deleteBranch({ name, branch }: Place): Promise<void> {
    const request = this.#request();
    const options = { isForced: false };
    const id = name as RepositoryId;
    await this.moraine.execute(new DeleteBranch(id, branch as BranchId, options, request));
    this.#note(request, { operation: 'delete branch', repository: name, branch });
    this.#branches.get(name)?.delete(branch);
  }

  async #merge({ name, branch }: Place): Promise<void> {
    const sourceRef = this.random.pick([...(this.#branches.get(name) ?? [])]);
    if (sourceRef === branch) return;
    const request = this.#request();
    const wish = {
      sourceRef,
      message: '',
      metadata: [],
      strategy: 'source-wins' as const,
      isSquash: false,
      allowsEmpty: true,
      isForced: false,
    };
    const merge = new MergeIntoBranch(name as RepositoryId, branch as BranchId, wish, request);
    await this.#moved(request, { operation: 'merge', repository: name, branch }, merge);
  }

  async #reset({ name, branch }: Place): Promise<void> {
    const request = this.#request();
    const path = this.random.pick(PATHS) as ObjectPath;
    const prefix = this.random.pick(['a/', 'a/b', 'x/y/', 'ä']);
    const [scope, reach] = this.random.pick([
      [{ kind: 'all' }, { prefix: '' }],
      [{ kind: 'prefix', prefix }, { prefix }],
      [{ kind: 'object', path }, { path }],
    ] as const);
    const wish = { scope, isForced: false };
    const reset = new ResetBranch(name as RepositoryId, branch as BranchId, wish, request);
    await this.#tried(request, { operation: 'reset', repository: name, branch, ...reach }, reset);
  }

  async #revert({ name, branch }: Place): Promise<void> {
    const request = this.#request();
    const overrides = { message: '', metadata: undefined };
    const wish = { ref: branch, parentNumber: 1, overrides, allowsEmpty: true, isForced: false };
    const revert = new RevertBranch(name as RepositoryId, branch as BranchId, wish, request);
    await this.#moved(request, { operation: 'revert', repository: name, branch }, revert);
  }

  async #hardReset({ name, branch }: Place): Promise<void> {
    const request = this.#request();
    const wish = { ref: 'main', isForced: false };
    const reset = new HardResetBranch(name as RepositoryId, branch as BranchId, wish, request);
    await this.#moved(request, { operation: 'hard reset', repository: name, branch }, reset);
  }

  /** An undo of an undo does again what was undone. */
  async #undo({ name, branch }: Place): Promise<void> {
    const request = this.#request();
    const wish = { revision: undefined, commitId: undefined, isForced: false };
    const undo = new UndoBranch(name as RepositoryId, branch as BranchId, wish, request);
    const { isRedo } = await this.moraine.execute(undo).catch((error: unknown) => {
      if (error instanceof DomainError && error.code === 'nothing_to_undo') return NOTHING;
      throw error;
    });
    if (isRedo === undefined) return;
    const operation = isRedo ? 'redo' : 'undo';
    this.#note(request, { operation, repository: name, branch, prefix: '' });
  }

  async #tag(name: string): Promise<void> {
    const [made, gone] = [this.#request(), this.#request()];
    const tag = `t-${this.#requests}` as TagId;
    const id = name as RepositoryId;
    const wish = { tag, ref: 'main', isForced: false };
    await this.moraine.execute(new CreateTag(id, wish, made));
    this.#note(made, { operation: 'create tag', repository: name, tag });
    if (this.random.below(2) === 0) return;
    await this.moraine.execute(new DeleteTag(id, tag, { isForced: false }, gone));
    this.#note(gone, { operation: 'delete tag', repository: name, tag });
  }

  /** Looks at the branch's commit before and after. */
  async #moved(
    request: Request,
    of: Pick<Done, 'operation' | 'repository'> & { readonly branch: string },
    command: Parameters<TestMoraine['execute']>[0],
  ): Promise<void> {
    const before = await this.#committed(of);
    const noted = this.done.length;
    await this.#tried(request, of, command);
    const [last] = this.done.slice(noted);
    if (!last || last.hasFailed) return;
    const after = await this.#committed(of);
    const changed = PATHS.filter((path) => before.has(path) !== after.has(path));
    const move = { life: this.#lives.get(of.repository) ?? 0, changed };
    this.done[noted] = { ...last, move };
  }

  async #committed(of: { repository: string; branch: string }): Promise<ReadonlySet<string>> {
    const page = { after: '', amount: 1_000 };
    const filter = { prefix: '', delimiter: '' };
    const list = new ListObjects(of.repository as RepositoryId, `${of.branch}@`, page, filter);
    const { items } = await this.moraine.ask(list);
    return new Set(items.map(({ path }) => path));
  }

  /** What the queue of a branch has refused is on record; what never came into it is not. */
  async #tried(
    request: Request,
    of: Pick<Done, 'operation' | 'repository'> & Partial<Done>,
    command: Parameters<TestMoraine['execute']>[0],
  ): Promise<void> {
    try {
      await this.moraine.execute(command);
      this.#note(request, of);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      if (inQueue.has(error.code)) this.#note(request, { ...of, hasFailed: true });
    }
  }

  #note(
    { caller: { user, requestId } }: Request,
    of: Pick<Done, 'operation' | 'repository'> & Partial<Done>,
  ): void {
    this.done.push({ caller: user, requestId, atMs: this.clock.nowMs(), hasFailed: false, ...of });
  }

  #request(): Request {
    const { commandId } = this.moraine.newRequest();
    const user = this.random.pick(CALLERS) as UserId;
    return { caller: { user, requestId: `request-${++this.#requests}` }, commandId };
  }
}

interface Place {
  readonly name: string;
  readonly branch: string;
}

const NOTHING = { isRedo: undefined };
const inQueue: ReadonlySet<string> = new Set(['no_changes', 'dirty_branch', 'merge_conflict']);

const objectAt = (path: string) => ({
  path: path as ObjectPath,
  physicalAddress: `s3://elsewhere/${path}`,
  checksum: path,
  sizeBytes: path.length,
  modifiedAtMs: 1_000,
  contentType: '',
  metadata: [],
  isForced: false,
});
