import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { CommitBranch } from '../../src/commands/branch/commit-branch.js';
import { CreateBranch } from '../../src/commands/branch/create-branch.js';
import { MergeIntoBranch } from '../../src/commands/branch/merge-into-branch.js';
import { UploadObject } from '../../src/commands/object/upload-object.js';
import { CreateRepository } from '../../src/commands/repository/create-repository.js';
import { BlockCommittedStore } from '../../src/committed/block-committed-store.js';
import { LocalBlockStore } from '../../src/block-adapter/local-block-store.js';
import { DomainError } from '../../src/domain/errors.js';
import type {
  BranchId,
  MetaRangeId,
  ObjectPath,
  RepositoryId,
  StorageNamespace,
} from '../../src/domain/model.js';
import { BranchesView } from '../../src/projections/branches.view.js';
import { RepositoriesView } from '../../src/projections/repositories.view.js';
import { addressOf } from '../../src/queries/open-object.js';
import { StatObject } from '../../src/queries/stat-object.js';
import { nodeOn, type TestMoraine } from '../support/moraine.js';
import type { DiskFault, FaultyDisk } from './faulty-disk.js';

const REPOSITORY = 'disk' as RepositoryId;
const MAIN = 'main' as BranchId;
const SMALL_BYTES = 700;
/** More than is gathered before it is written, and more than is written at once. */
const LARGE_BYTES = 300 * 1024;
const isForced = false;
const plain = { contentType: '', metadata: [], isForced };

export interface DiskPlace {
  readonly connection: ClientConfig;
  readonly folder: string;
}

interface Step {
  readonly what: string;
  readonly work: () => Promise<unknown>;
  readonly isUpload?: boolean;
  /** What is there, and at which ref, once it was answered. */
  readonly objects: readonly DiskObject[];
}

interface DiskObject {
  readonly ref: string;
  readonly path: string;
  readonly bytes: number;
}

/**
 * Two uploads, a commit of both, one more and its commit, and a merge, while one call to the disk
 * fails: what was answered is there, what was refused is there whole or not at all, and asked again
 * it is done. A node whose sync has failed ends, as the server does, and another takes its place.
 */
export class DiskCases {
  readonly wrong: string[] = [];
  #node: TestMoraine | undefined;
  #syncFailures = 0;
  #count = 0;

  private constructor(
    private readonly place: DiskPlace,
    private readonly disk: FaultyDisk,
  ) {}

  static async open(place: DiskPlace, disk: FaultyDisk): Promise<DiskCases> {
    const cases = new DiskCases(place, disk);
    const node = await cases.#started();
    const wish = { name: REPOSITORY, namespace: 'local://disk' as StorageNamespace };
    const rest = { defaultBranch: MAIN, isReadOnly: false, isBare: false };
    await node.execute(new CreateRepository({ ...wish, ...rest }, node.newRequest()));
    return cases;
  }

  async close(): Promise<void> {
    await this.#node?.close();
  }

  /** @returns how many calls to the disk it took, when none fails */
  async measure(): Promise<number> {
    const steps = await this.#steps();
    const before = this.disk.callCount;
    for (const { work } of steps) await work();
    return this.disk.callCount - before;
  }

  /** @returns the call that failed; undefined: it did not come to that */
  async run(at: number, fault: DiskFault): Promise<string | undefined> {
    const steps = await this.#steps();
    const failures = this.#syncFailures;
    this.disk.failAt(at, fault);
    const answered = new Set<Step>();
    for (const step of steps) if (await this.#try(step)) answered.add(step);
    this.disk.heal();
    const { struck } = this.disk;
    const told = `${fault} at ${at}, ${struck}`;
    const isSync = struck?.includes('sync') ?? false;
    if (isSync && fault !== 'SHORT' && this.#syncFailures === failures) {
      this.wrong.push(`${told}: nobody heard that a sync had failed`);
    }
    if (this.#syncFailures > failures) await this.#restart();
    const uploaded = new Set<string>();
    for (const step of steps) {
      const isAnswered = answered.has(step);
      const [object] = step.objects;
      if (step.isUpload && isAnswered && object) uploaded.add(object.path);
      // What was not committed is not merged, whoever has answered that.
      const isWhole = step.what !== 'merge' || answered.size === steps.length;
      await this.#look(step, (path) => isAnswered && isWhole && uploaded.has(path), told);
    }
    const failed = steps.findIndex((step) => !answered.has(step));
    if (failed >= 0) for (const step of steps.slice(failed)) await this.#again(step, told);
    for (const step of steps) await this.#look(step, () => true, `${told}, asked again`);
    await this.#lookIntoFiles(told);
    await this.#lookForRests(told);
    return struck;
  }

  async #started(): Promise<TestMoraine> {
    const { connection, folder } = this.place;
    const onSyncFailed = () => void this.#syncFailures++;
    const blocks = await LocalBlockStore.open({ root: folder, onSyncFailed });
    const committed = new BlockCommittedStore(blocks, undefined);
    this.#node = await nodeOn({ connection, folder }, (usual) => ({ ...usual, blocks, committed }));
    return this.#node;
  }

  async #restart(): Promise<void> {
    await this.#node?.close();
    await this.#started();
  }

  get #now(): TestMoraine {
    if (!this.#node) throw new Error('it was started');
    return this.#node;
  }

  async #steps(): Promise<readonly Step[]> {
    const name = `case-${this.#count++}`;
    const [branch, target] = [name as BranchId, `${name}-target` as BranchId];
    const words = { message: name, metadata: [], isForced };
    for (const each of [branch, target]) {
      const from = { branch: each, sourceRef: 'main', isHidden: false, isForced };
      await this.#now.execute(new CreateBranch(REPOSITORY, from, this.#now.newRequest()));
    }
    const upload = (path: string, bytes: number): Step => ({
      what: `upload of ${path}`,
      isUpload: true,
      objects: [{ ref: branch, path, bytes }],
      work: () => {
        const object = { path: path as ObjectPath, body: bodyOf(path, bytes), ...plain };
        const command = new UploadObject(REPOSITORY, branch, object, this.#now.newRequest());
        return this.#now.execute(command);
      },
    });
    const [small, large, more] = ['small', 'large', 'more'].map((each) => `${name}/${each}`);
    const at = (ref: string, ...paths: (string | undefined)[]): readonly DiskObject[] =>
      paths.map((path = '') => ({ ref, path, bytes: path === large ? LARGE_BYTES : SMALL_BYTES }));
    const commit = (what: string, ...paths: (string | undefined)[]): Step => ({
      what,
      objects: at(`${branch}@`, ...paths),
      work: () => {
        const wish = { ...words, dateMs: undefined, allowsEmpty: false };
        return this.#now.execute(
          new CommitBranch(REPOSITORY, branch, wish, this.#now.newRequest()),
        );
      },
    });
    const merge = (): Promise<unknown> => {
      const strategy = 'default' as const;
      const wish = { ...words, sourceRef: branch, strategy, allowsEmpty: false, isSquash: false };
      const command = new MergeIntoBranch(REPOSITORY, target, wish, this.#now.newRequest());
      return this.#now.execute(command);
    };
    return [
      upload(small ?? '', SMALL_BYTES),
      upload(large ?? '', LARGE_BYTES),
      commit('first commit', small, large),
      upload(more ?? '', SMALL_BYTES),
      commit('second commit', small, large, more),
      { what: 'merge', work: merge, objects: at(target, small, large, more) },
    ];
  }

  /** @returns whether it was done; whoever is refused hears of it as an error */
  async #try({ work }: Step): Promise<boolean> {
    try {
      await work();
      return true;
    } catch {
      return false;
    }
  }

  /** Asked again it is done, or was: then there is nothing left to commit, or to merge. */
  async #again({ what, work }: Step, told: string): Promise<void> {
    try {
      await work();
    } catch (error) {
      const isDone = error instanceof DomainError && error.code === 'no_changes';
      if (!isDone) this.wrong.push(`${told}: ${what} asked again: ${String(error)}`);
    }
  }

  async #look(
    { what, objects }: Step,
    isDue: (path: string) => boolean,
    told: string,
  ): Promise<void> {
    for (const { ref, path, bytes } of objects) {
      const mustBe = isDue(path);
      const found = await this.#bytesAt(ref, path).catch((error: unknown) => error);
      if (found === undefined && !mustBe) continue;
      const isWhole = Buffer.isBuffer(found) && found.equals(contentOf(path, bytes));
      if (isWhole) continue;
      this.wrong.push(`${told}: ${what}, ${ref} ${path}: ${shown(found)}, answered: ${mustBe}`);
    }
  }

  /** A node remembers the trees that it built; what is on the disk is read by one that does not. */
  async #lookIntoFiles(told: string): Promise<void> {
    const { blocks, kv } = this.#now.adapters;
    const { uid, namespace } = await new RepositoriesView(kv).get(REPOSITORY);
    const fresh = new BlockCommittedStore(blocks, undefined);
    try {
      for (const branch of [`case-${this.#count - 1}`, `case-${this.#count - 1}-target`]) {
        const record = await new BranchesView(kv).get(uid, branch as BranchId);
        const id = record?.head.metaRangeId ?? ('' as MetaRangeId);
        const all = { from: new Uint8Array(), limit: 10 };
        const found = await fresh.scan(namespace, id, all).catch(String);
        if (found.length === 3) continue;
        this.wrong.push(`${told}: the tree of ${branch} has ${JSON.stringify(found)}`);
      }
    } finally {
      await fresh.close();
    }
  }

  async #bytesAt(ref: string, path: string): Promise<Buffer | undefined> {
    try {
      const found = await this.#now.ask(new StatObject(REPOSITORY, ref, path as ObjectPath));
      const { blocks } = this.#now.adapters;
      return Buffer.from(await blocks.getBytes(addressOf(blocks, found), 2 * LARGE_BYTES));
    } catch (error) {
      if (error instanceof DomainError && error.code === 'object_not_found') return undefined;
      throw error;
    }
  }

  /** Only what could not be removed is left in the way, until the next start. */
  async #lookForRests(told: string): Promise<void> {
    const rests = await readdir(join(this.place.folder, '.incoming')).catch(() => []);
    const allowed = this.disk.struck?.startsWith('unlink') || this.disk.struck === 'rm' ? 1 : 0;
    if (rests.length > allowed) this.wrong.push(`${told}: left behind ${rests.join(', ')}`);
    if (rests.length > 0) await this.#restart();
  }
}

function contentOf(path: string, bytes: number): Buffer {
  return Buffer.alloc(bytes, `${path} `);
}

async function* bodyOf(path: string, bytes: number): AsyncGenerator<Uint8Array> {
  yield contentOf(path, bytes);
}

const shown = (found: unknown): string =>
  Buffer.isBuffer(found) ? `${found.length} bytes` : String(found);
