import { deepStrictEqual, rejects } from 'node:assert/strict';
import type { Command } from '@nestjs/cqrs';
import { Branches } from '../../src/commands/branch/branches.js';
import { CherryPick } from '../../src/commands/branch/cherry-pick.js';
import { CommitBranch } from '../../src/commands/branch/commit-branch.js';
import { CreateBranch } from '../../src/commands/branch/create-branch.js';
import { DeleteBranch } from '../../src/commands/branch/delete-branch.js';
import { TokenFolding } from '../../src/commands/branch/fold-tokens.js';
import { HardResetBranch } from '../../src/commands/branch/hard-reset-branch.js';
import { MergeIntoBranch } from '../../src/commands/branch/merge-into-branch.js';
import { ResetBranch } from '../../src/commands/branch/reset-branch.js';
import { RevertBranch } from '../../src/commands/branch/revert-branch.js';
import { contextOf } from '../../src/commands/new-events.js';
import { StageObject } from '../../src/commands/object/stage-object.js';
import { UnstageObjects } from '../../src/commands/object/unstage-objects.js';
import { CreateRepository } from '../../src/commands/repository/create-repository.js';
import { CreateTag } from '../../src/commands/tag/create-tag.js';
import { DeleteTag } from '../../src/commands/tag/delete-tag.js';
import { RestoreTag } from '../../src/commands/tag/restore-tag.js';
import { RestoreBranch } from '../../src/commands/undo/restore-branch.js';
import { UndoBranch } from '../../src/commands/undo/undo-branch.js';
import type { ResetScope } from '../../src/domain/branch/branch.wishes.js';
import { isSameObject } from '../../src/domain/entry-identity.js';
import { DomainError } from '../../src/domain/errors.js';
import type {
  BranchId,
  CommitId,
  ObjectEntry,
  ObjectPath,
  RepositoryId,
  StorageNamespace,
  TagId,
} from '../../src/domain/model.js';
import { RepositoriesView } from '../../src/projections/repositories.view.js';
import { DiffBranch } from '../../src/queries/diff-branch.js';
import { GetTag } from '../../src/queries/get-tag.js';
import { ListBranches } from '../../src/queries/list-branches.js';
import { ListObjects } from '../../src/queries/list-objects.js';
import { compareUtf8 } from '../../src/shared/bytes.js';
import type { TestMoraine } from '../support/moraine.js';
import type { SeededRandom } from '../support/seeded-random.js';

const PATHS = ['a', 'b/1', 'b/2', 'b/2/x', 'c', 'ä/\u{1F600}'];
const TEXTS = ['one', 'two', 'three'];
const BRANCHES = ['main', 'dev', 'wip'];
const page = { after: '', amount: 1_000 };
const isForced = false;
/** Commands that a failed run tells of. */
const SHOWN_MAX = 30;

/** What a reader of a branch sees of it, and where it stands. */
interface Sight {
  readonly head: CommitId;
  /** With all that is known of each object. */
  readonly shown: ReadonlyMap<string, ObjectEntry>;
  readonly committed: ReadonlyMap<string, ObjectEntry>;
}

/** How often each kind of operation was undone. */
export type UndoneCounts = Map<string, number>;

/** One repository, on which operations come in a random order, and are taken back. */
export class UndoHistory {
  readonly #repository: RepositoryId;
  readonly #taken: string[] = [];
  #texts = 0;

  constructor(
    private readonly moraine: TestMoraine,
    private readonly random: SeededRandom,
    private readonly undone: UndoneCounts,
  ) {
    this.#repository = `r-${moraine.adapters.ids.repositoryUid()}` as RepositoryId;
  }

  async run(steps: number): Promise<void> {
    await this.#prepare();
    try {
      for (let step = 0; step < steps; step++) await this.#step();
    } catch (error) {
      if (error instanceof Error) error.message += `\n${this.#taken.slice(-SHOWN_MAX).join('\n')}`;
      throw error;
    }
  }

  async #prepare(): Promise<void> {
    const name = this.#repository;
    const namespace = `local://${name}` as StorageNamespace;
    const wish = { name, namespace, defaultBranch: 'main' as BranchId };
    await this.#do((request) => {
      return new CreateRepository({ ...wish, isReadOnly: false, isBare: false }, request);
    });
    await this.#put('main', 'a', 'one');
    await this.#commit('main', true);
    for (const branch of BRANCHES.slice(1)) await this.#branch(branch, 'main');
  }

  /** An operation; and perhaps what follows it, its undo, the undo of that, and that one's. */
  async #step(): Promise<void> {
    const branch = this.random.pick(BRANCHES);
    for (let writes = this.random.below(4); writes > 0; writes--) await this.#write(branch);
    if (this.random.below(3) === 0) await this.#sealInVain(branch);
    const kind = this.random.pick(KINDS);
    // These want a clean branch, and something that another has.
    if (LAYING.has(kind)) {
      const other = this.random.pick(BRANCHES);
      await this.#write(other);
      for (const each of [other, branch]) await this.#commit(each, true);
    }
    const before = await this.#all();
    if (kind === 'delete') return this.#deleted(branch, before);
    if (kind === 'tag') return this.#tagged(branch);
    try {
      await this.#operate(kind, branch);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      deepStrictEqual(asCommitted(await this.#all()), asCommitted(before));
      return;
    }
    const after = await this.#all();
    this.#expectOthers(branch, after, before);
    await this.#upkeep(branch);
    if (this.random.below(4) === 0) return;
    const since = await this.#since(branch, after);
    let [wanted, other] = [before, after];
    for (let undos = 1 + this.random.below(4); undos > 0; undos--) {
      if (this.random.below(4) === 0) await this.#upkeep(branch);
      await this.#do((request) => {
        const wish = { revision: undefined, commitId: undefined, isForced };
        return new UndoBranch(this.#repository, branch as BranchId, wish, request);
      });
      await this.#expectSight(branch, wanted, since);
      this.undone.set(kind, (this.undone.get(kind) ?? 0) + 1);
      [wanted, other] = [other, wanted];
    }
  }

  async #expectSight(branch: string, wanted: Map<string, Sight>, since: Written): Promise<void> {
    const now = await this.#all();
    this.#expectOthers(branch, now, wanted);
    const [was, is] = [wanted.get(branch), now.get(branch)];
    if (!was || !is) throw new Error(`${branch} is gone`);
    const shown = new Map(was.shown);
    for (const [path, entry] of since) {
      if (entry) shown.set(path, entry);
      else shown.delete(path);
    }
    const seen = { branch, head: is.head, shown: sorted(is.shown) };
    deepStrictEqual(seen, { branch, head: was.head, shown: sorted(shown) });
    deepStrictEqual(sorted(is.committed), sorted(was.committed));
    deepStrictEqual(await this.#differences(branch), differencesOf(is));
  }

  #expectOthers(branch: string, now: Map<string, Sight>, before: Map<string, Sight>): void {
    const others = (sights: Map<string, Sight>) => [...sights].filter(([name]) => name !== branch);
    deepStrictEqual(others(now), others(before));
  }

  async #deleted(branch: string, before: Map<string, Sight>): Promise<void> {
    if (branch === 'main') return;
    const at = [this.#repository, branch as BranchId, { isForced }] as const;
    await this.#do((request) => new DeleteBranch(...at, request));
    await this.#upkeep(branch);
    if (this.random.below(4) === 0) {
      await this.#branch(branch, 'main');
      const restored = this.#do((request) => new RestoreBranch(...at, request));
      await rejects(restored, /branch already exists/);
      return;
    }
    await this.#do((request) => new RestoreBranch(...at, request));
    deepStrictEqual(await this.#all(), before);
    deepStrictEqual(await this.#differences(branch), differencesOf(before.get(branch)));
    this.undone.set('delete', (this.undone.get('delete') ?? 0) + 1);
    const since = await this.#since(branch, before);
    await this.#expectSight(branch, before, since);
  }

  async #tagged(branch: string): Promise<void> {
    const tag = `v${++this.#texts}` as TagId;
    const wish = { tag, ref: branch, isForced };
    await this.#do((request) => new CreateTag(this.#repository, wish, request));
    const at = [this.#repository, tag] as const;
    const before = await this.moraine.ask(new GetTag(...at));
    await this.#do((request) => new DeleteTag(...at, { isForced }, request));
    await this.#do((request) => new RestoreTag(...at, { isForced }, request));
    deepStrictEqual(await this.moraine.ask(new GetTag(...at)), before);
    this.undone.set('tag', (this.undone.get('tag') ?? 0) + 1);
  }

  async #operate(kind: (typeof KINDS)[number], branch: string): Promise<unknown> {
    const at = [this.#repository, branch as BranchId] as const;
    const other = this.random.pick(BRANCHES.filter((each) => each !== branch));
    const overrides = { message: '', metadata: undefined };
    const again = { overrides, isForced };
    switch (kind) {
      case 'commit':
        return this.#commit(branch, this.random.below(2) === 0);
      case 'merge': {
        const brings = { sourceRef: other, message: '', metadata: [], isSquash: false };
        const how = { strategy: 'source-wins', allowsEmpty: false, isForced } as const;
        return this.#do((asked) => new MergeIntoBranch(...at, { ...brings, ...how }, asked));
      }
      case 'revert': {
        const wish = { ref: branch, parentNumber: 1, allowsEmpty: false, ...again };
        return this.#do((asked) => new RevertBranch(...at, wish, asked));
      }
      case 'cherry-pick': {
        const wish = { ref: other, parentNumber: 1, ...again };
        return this.#do((asked) => new CherryPick(...at, wish, asked));
      }
      case 'hard-reset': {
        const ref = this.random.pick([other, `${branch}~1`]);
        return this.#do((asked) => new HardResetBranch(...at, { ref, isForced }, asked));
      }
      case 'reset': {
        const scope = this.random.pick<ResetScope>([
          { kind: 'all' },
          { kind: 'prefix', prefix: 'b/' },
          { kind: 'object', path: this.random.pick(PATHS) as ObjectPath },
        ]);
        return this.#do((asked) => new ResetBranch(...at, { scope, isForced }, asked));
      }
      default:
        throw new Error(`${kind} is undone elsewhere`);
    }
  }

  /** Writes to some paths, to effect, after an operation; returns what stays of it. */
  async #since(branch: string, sights: Map<string, Sight>): Promise<Written> {
    const written: Written = new Map();
    const shown = sights.get(branch)?.shown ?? new Map<string, ObjectEntry>();
    for (const path of PATHS) {
      const what = this.random.below(12);
      if (what === 0) {
        await this.#put(branch, path, `since-${++this.#texts}`);
        const now = (await this.#sight(branch)).shown.get(path);
        written.set(path, now);
      } else if (what === 1 && shown.has(path)) {
        await this.#remove(branch, path);
        written.set(path, undefined);
      }
    }
    return written;
  }

  async #write(branch: string): Promise<void> {
    const path = this.random.pick(PATHS);
    if (this.random.below(3) === 0) return this.#remove(branch, path);
    const isNew = this.random.below(2) === 0;
    await this.#put(branch, path, isNew ? `new-${++this.#texts}` : this.random.pick(TEXTS));
  }

  /** A merge that fails, or a commit of nothing: a token is sealed and stays, or is restated. */
  async #sealInVain(branch: string): Promise<void> {
    if (this.random.below(2) === 0) {
      const path = this.random.pick(PATHS);
      await this.#put(branch, path, `vain-${++this.#texts}`);
      const reset = { scope: { kind: 'object', path: path as ObjectPath }, isForced } as const;
      const at = [this.#repository, branch as BranchId] as const;
      await this.#do((asked) => new ResetBranch(...at, reset, asked));
    }
    await this.#operate('revert', branch).catch(expectRefusal);
  }

  /** What other processes do at any time: rows of what is consumed go, tokens are folded. */
  async #upkeep(branch: string): Promise<void> {
    const { adapters } = this.moraine;
    if (this.random.below(2) === 0) {
      await this.moraine.sweep();
      await this.moraine.sweep();
    }
    if (this.random.below(3) > 0) return;
    const branches = new Branches(adapters.log, { cachedBranches: 9, cachedOutcomes: 9 });
    const repository = await new RepositoriesView(adapters.kv).get(this.#repository);
    const context = contextOf(this.moraine.newRequest(), adapters.clock);
    const folding = new TokenFolding(adapters.kv, branches, 1);
    await folding.fold({ repository, branch: branch as BranchId }, context);
    this.#taken.push(`fold ${branch}`);
  }

  async #put(branch: string, path: string, text: string): Promise<void> {
    const object = {
      path: path as ObjectPath,
      physicalAddress: `s3://elsewhere/${text}`,
      checksum: text,
      sizeBytes: text.length,
      modifiedAtMs: 1_000 * ++this.#texts,
      contentType: '',
      metadata: [],
      isForced,
    };
    const at = [this.#repository, branch as BranchId] as const;
    await this.#do<unknown>((request) => new StageObject(...at, object, request));
  }

  #remove(branch: string, path: string): Promise<void> {
    const at = [this.#repository, branch as BranchId, [path as ObjectPath]] as const;
    return this.#do((request) => new UnstageObjects(...at, { isForced }, request));
  }

  async #commit(branch: string, allowsEmpty: boolean): Promise<void> {
    const wish = { message: 'm', metadata: [], dateMs: undefined, allowsEmpty, isForced };
    const at = [this.#repository, branch as BranchId] as const;
    await this.#do<unknown>((request) => new CommitBranch(...at, wish, request));
  }

  async #branch(name: string, sourceRef: string): Promise<void> {
    const wish = { branch: name as BranchId, sourceRef, isHidden: false, isForced };
    await this.#do((request) => new CreateBranch(this.#repository, wish, request));
  }

  async #all(): Promise<Map<string, Sight>> {
    const sights = new Map<string, Sight>();
    for (const branch of BRANCHES) sights.set(branch, await this.#sight(branch));
    return sights;
  }

  async #sight(branch: string): Promise<Sight> {
    const query = new ListBranches(this.#repository, page, { prefix: '', showsHidden: true });
    const { items } = await this.moraine.ask(query);
    const found = items.find(({ name }) => name === branch);
    if (!found) throw new Error(`there is no branch ${branch}`);
    const shown = await this.#listing(branch);
    return { head: found.commitId, shown, committed: await this.#listing(`${branch}@`) };
  }

  async #listing(ref: string): Promise<ReadonlyMap<string, ObjectEntry>> {
    const query = new ListObjects(this.#repository, ref, page, { prefix: '', delimiter: '' });
    const { items } = await this.moraine.ask(query);
    return new Map(
      items.flatMap((item) => (item.kind === 'object' ? [[item.path, item.entry]] : [])),
    );
  }

  async #differences(branch: string): Promise<unknown> {
    const filter = { prefix: '', delimiter: '' };
    const query = new DiffBranch(this.#repository, branch as BranchId, page, filter);
    return (await this.moraine.ask(query)).items.map(({ path, type }) => [path, type]);
  }

  #do<Result>(
    command: (request: ReturnType<TestMoraine['newRequest']>) => Command<Result>,
  ): Promise<Result> {
    const asked = command(this.moraine.newRequest());
    const said = Object.entries(asked).filter(
      ([name]) => !['request', 'repository'].includes(name),
    );
    this.#taken.push(`${asked.constructor.name} ${JSON.stringify(Object.fromEntries(said))}`);
    return this.moraine.execute(asked);
  }
}

type Written = Map<string, ObjectEntry | undefined>;

const KINDS = [
  'commit',
  'commit',
  'merge',
  'revert',
  'cherry-pick',
  'hard-reset',
  'reset',
  'reset',
  'delete',
  'tag',
] as const;

const LAYING: ReadonlySet<string> = new Set(['merge', 'revert', 'cherry-pick', 'hard-reset']);

const expectRefusal = (error: unknown): void => {
  if (!(error instanceof DomainError)) throw error;
};

/** By identity: of one object that came twice, a merge keeps the time that was committed. */
/**
 * What was staged to no effect may be shown as it was staged, or as the head has it: the same
 * object, which came at another time.
 */
function asCommitted(sights: ReadonlyMap<string, Sight>): ReadonlyMap<string, Sight> {
  const settled = ({ head, committed, shown }: Sight): Sight => {
    const entries = [...shown].map(([path, entry]) => {
      const known = committed.get(path);
      return [path, known && isSameObject(known, entry) ? known : entry] as const;
    });
    return { head, committed, shown: new Map(entries) };
  };
  return new Map([...sights].map(([branch, sight]) => [branch, settled(sight)]));
}

const sorted = (listing: ReadonlyMap<string, ObjectEntry>) =>
  [...listing]
    .map(([path, { checksum }]) => [path, checksum] as const)
    .sort(([left], [right]) => compareUtf8(left, right));

/** What a branch shows and has not committed. */
function differencesOf(sight: Sight | undefined): unknown {
  const { shown, committed } = sight ?? { shown: new Map(), committed: new Map() };
  const paths = [...new Set([...shown.keys(), ...committed.keys()])].sort(compareUtf8);
  return paths.flatMap((path) => {
    const [now, was] = [shown.get(path), committed.get(path)];
    if (now?.checksum === was?.checksum) return [];
    return [[path, was === undefined ? 'added' : now === undefined ? 'removed' : 'changed']];
  });
}
