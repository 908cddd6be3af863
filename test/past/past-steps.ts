import { CommitBranch } from '../../src/commands/branch/commit-branch.js';
import { Branches } from '../../src/commands/branch/branches.js';
import { CreateBranch } from '../../src/commands/branch/create-branch.js';
import { DeleteBranch } from '../../src/commands/branch/delete-branch.js';
import { TokenFolding } from '../../src/commands/branch/fold-tokens.js';
import { HardResetBranch } from '../../src/commands/branch/hard-reset-branch.js';
import { MergeIntoBranch } from '../../src/commands/branch/merge-into-branch.js';
import { ResetBranch } from '../../src/commands/branch/reset-branch.js';
import { RevertBranch } from '../../src/commands/branch/revert-branch.js';
import { SweepFolds } from '../../src/commands/branch/sweep-folds.js';
import { RestoreBranch } from '../../src/commands/undo/restore-branch.js';
import { UndoBranch } from '../../src/commands/undo/undo-branch.js';
import { StageObject } from '../../src/commands/object/stage-object.js';
import { UnstageObjects } from '../../src/commands/object/unstage-objects.js';
import type { ResetScope } from '../../src/domain/branch/branch.wishes.js';
import { DomainError } from '../../src/domain/errors.js';
import type { BranchId, ObjectPath, RepositoryId } from '../../src/domain/model.js';
import type { Command } from '@nestjs/cqrs';
import type { TestMoraine } from '../support/moraine.js';
import type { SeededRandom } from '../support/seeded-random.js';
import type { PastModel, PlainBranch } from './past-model.js';
import { PastReader } from './past-reader.js';

export const PATHS = ['a', 'b/1', 'b/2', 'b/c/3', 'b/c/4', 'd', 'e/5', 'f'];
const TEXTS = ['x', 'y', 'z'];
const SCOPES = ['b/', 'b/c/', 'e/'];
/** Sealed tokens above which they are folded. */
const SEALED_MAX = 2;

/** Random work on two branches, done by the service and told to the model. */
export class PastSteps {
  readonly #read: PastReader;
  #puts = 0;
  /** What was deleted last; only one branch ever is. */
  #deleted: PlainBranch | undefined;

  constructor(
    private readonly moraine: TestMoraine,
    private readonly repository: RepositoryId,
    private readonly model: PastModel,
    private readonly random: SeededRandom,
  ) {
    this.#read = new PastReader(moraine, repository);
  }

  /** Does one thing; returns what. */
  async step(): Promise<string> {
    const { random } = this;
    const name = random.pick(['main', 'dev']);
    if (!this.model.branches.has(name)) return this.#create(name);
    const dice = random.below(31);
    if (dice < 8) return this.#put(name);
    if (dice < 10) return this.#remove(name, [random.pick(PATHS)]);
    if (dice < 11) return this.#removePrefix(name);
    if (dice < 14) return this.#commit(name, random.below(2) === 0);
    if (dice < 15) return this.#merge(name);
    if (dice < 16) return this.#revert(name);
    if (dice < 19) return this.#reset(name);
    if (dice < 22) return this.#hardReset(name);
    if (dice < 23) return name === 'dev' ? this.#delete(name) : this.#put(name);
    if (dice < 24) return this.#fold();
    if (dice < 25) return this.#sweep();
    if (dice < 28) return this.#stageTheSame(name);
    return this.#undo(name);
  }

  async #put(
    name: string,
    path = this.random.pick(PATHS),
    text = this.random.pick(TEXTS),
  ): Promise<string> {
    const object = {
      path: path as ObjectPath,
      physicalAddress: `s3://elsewhere/${text}`,
      checksum: text,
      sizeBytes: text.length,
      // What is the same is another object all the same.
      modifiedAtMs: 1_000 + this.#puts++,
      contentType: '',
      metadata: [],
      isForced: false,
    };
    await this.#do((request) => new StageObject(...this.#at(name), object, request));
    this.model.branch(name).staged.set(path, text);
    return `put ${name} ${path} ${text}`;
  }

  async #remove(name: string, paths: readonly string[]): Promise<string> {
    const of = paths as readonly ObjectPath[];
    const options = { isForced: false };
    await this.#do((request) => new UnstageObjects(...this.#at(name), of, options, request));
    for (const path of paths) this.model.branch(name).staged.set(path, null);
    return `remove ${name} ${paths.join(' ')}`;
  }

  async #removePrefix(name: string): Promise<string> {
    const prefix = this.random.pick(SCOPES);
    const paths = [...this.model.all(name).keys()].filter((path) => path.startsWith(prefix));
    return paths.length === 0 ? 'nothing to remove' : this.#remove(name, paths);
  }

  async #commit(name: string, allowsEmpty: boolean): Promise<string> {
    const wish = {
      message: 'm',
      metadata: [],
      dateMs: undefined,
      allowsEmpty,
      isForced: false,
    };
    return this.#tried(name, `commit ${name}`, async () => {
      const { id } = await this.#do((request) => {
        return new CommitBranch(...this.#at(name), wish, request);
      });
      return id;
    });
  }

  /** What is staged to no effect stays said: it counts where ranges are cut. */
  async #stageTheSame(name: string): Promise<string> {
    const { head } = this.model.branch(name);
    const [path, text] = this.random.pick([...head, ['a', undefined] as const]);
    const did =
      text === undefined ? await this.#remove(name, [path]) : await this.#put(name, path, text);
    const isClean = this.model.shown(name)?.changes.length === 0;
    return isClean ? `${did}, ${await this.#commit(name, false)}` : did;
  }

  async #merge(into: string): Promise<string> {
    const from = into === 'main' ? 'dev' : 'main';
    if (!this.model.branches.has(from)) return 'nothing to merge';
    const wish = {
      sourceRef: from,
      message: '',
      metadata: [],
      strategy: 'source-wins',
      isSquash: false,
      allowsEmpty: false,
      isForced: false,
    } as const;
    return this.#tried(into, `merge ${from} into ${into}`, async () => {
      const merged = await this.#do((request) => {
        return new MergeIntoBranch(...this.#at(into), wish, request);
      });
      return merged.id;
    });
  }

  async #revert(name: string): Promise<string> {
    const wish = {
      ref: name,
      parentNumber: 1,
      overrides: { message: '', metadata: undefined },
      allowsEmpty: false,
      isForced: false,
    } as const;
    return this.#tried(name, `revert on ${name}`, async () => {
      const { id } = await this.#do((request) => {
        return new RevertBranch(...this.#at(name), wish as never, request);
      });
      return id;
    });
  }

  async #hardReset(name: string): Promise<string> {
    const ref = this.random.pick([...this.model.commits.keys()]);
    return this.#tried(name, `hard reset ${name} to ${ref.slice(0, 6)}`, async () => {
      const wish = { ref, isForced: false };
      await this.#do((request) => new HardResetBranch(...this.#at(name), wish, request));
      return ref;
    });
  }

  /** What is refused seals a token all the same, and leaves it. */
  async #tried(name: string, what: string, work: () => Promise<string>): Promise<string> {
    try {
      const commitId = await work();
      const head = await this.#read.listing(`${name}@`);
      this.model.moved(name, commitId, new Map(head));
      return what;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return `${what}: ${error.code}`;
    }
  }

  async #reset(name: string): Promise<string> {
    const path = this.random.pick(PATHS);
    const prefix = this.random.pick(SCOPES);
    const scopes: readonly ResetScope[] = [
      { kind: 'all' },
      { kind: 'prefix', prefix },
      { kind: 'prefix', prefix },
      { kind: 'object', path: path as ObjectPath },
    ];
    const scope = this.random.pick(scopes);
    const wish = { scope, isForced: false };
    await this.#do((request) => new ResetBranch(...this.#at(name), wish, request));
    this.model.reset(name, (each) => {
      if (scope.kind === 'all') return true;
      return scope.kind === 'prefix' ? each.startsWith(prefix) : each === path;
    });
    return `reset ${name} ${JSON.stringify(scope)}`;
  }

  async #delete(name: string): Promise<string> {
    const options = { isForced: false };
    await this.#do((request) => new DeleteBranch(...this.#at(name), options, request));
    this.#deleted = this.model.branches.get(name);
    this.model.branches.delete(name);
    return `delete ${name}`;
  }

  /** What comes back is told by the service; that it is right is for others to ask. */
  async #undo(name: string): Promise<string> {
    const wish = { revision: undefined, commitId: undefined, isForced: false };
    try {
      await this.#do((request) => new UndoBranch(...this.#at(name), wish, request));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return `undo on ${name}: ${error.code}`;
    }
    const shown = await this.#read.shown(name);
    if (typeof shown === 'string') throw new Error(`${name} is there`);
    this.model.moved(name, shown.commitId, new Map(shown.committed));
    const all = new Map(shown.all);
    const { staged } = this.model.branch(name);
    for (const [path] of shown.changes) staged.set(path, all.get(path) ?? null);
    return `undo on ${name}`;
  }

  async #create(name: string): Promise<string> {
    if (this.#deleted && this.random.below(2) === 0) return this.#restore(name, this.#deleted);
    const { commitId, head } = this.model.branch('main');
    const branch = name as BranchId;
    const wish = { branch, sourceRef: 'main', isHidden: false, isForced: false };
    await this.#do((request) => new CreateBranch(this.repository, wish, request));
    this.model.moved(name, commitId, head);
    return `create ${name}`;
  }

  async #restore(name: string, deleted: PlainBranch): Promise<string> {
    const options = { isForced: false };
    await this.#do((request) => new RestoreBranch(...this.#at(name), options, request));
    this.model.branches.set(name, { ...deleted, staged: new Map(deleted.staged) });
    return `restore ${name}`;
  }

  /** As another node does. */
  async #fold(): Promise<string> {
    const { log, kv, clock, ids } = this.moraine.adapters;
    const branches = new Branches(log, { cachedBranches: 10, cachedOutcomes: 10 });
    const folding = new TokenFolding(kv, branches, SEALED_MAX);
    await new SweepFolds({ kv, clock, ids }, folding).run();
    return 'fold';
  }

  async #sweep(): Promise<string> {
    await this.moraine.sweep();
    await this.moraine.sweep();
    return 'sweep';
  }

  #at(name: string): [RepositoryId, BranchId] {
    return [this.repository, name as BranchId];
  }

  #do<Result>(
    commandOf: (request: ReturnType<TestMoraine['newRequest']>) => Command<Result>,
  ): Promise<Result> {
    return this.moraine.execute(commandOf(this.moraine.newRequest()));
  }
}
