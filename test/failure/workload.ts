import { createHash } from 'node:crypto';
import { expect } from '@jest/globals';
import { CommitBranch } from '../../src/commands/branch/commit-branch.js';
import { CreateBranch } from '../../src/commands/branch/create-branch.js';
import { DeleteBranch } from '../../src/commands/branch/delete-branch.js';
import { UploadObject } from '../../src/commands/object/upload-object.js';
import { CreateRepository } from '../../src/commands/repository/create-repository.js';
import { DeleteRepository } from '../../src/commands/repository/delete-repository.js';
import { CreateTag } from '../../src/commands/tag/create-tag.js';
import { DomainError } from '../../src/domain/errors.js';
import type {
  BranchId,
  ObjectPath,
  RepositoryId,
  StorageNamespace,
  TagId,
} from '../../src/domain/model.js';
import { allProjections } from '../../src/projections/all-projections.js';
import { ListObjects } from '../../src/queries/list-objects.js';
import { LogCommits, WHOLE_LOG } from '../../src/queries/log-commits.js';
import { OpenObject } from '../../src/queries/open-object.js';
import { utf8 } from '../../src/shared/bytes.js';
import type { TestMoraine } from '../support/moraine.js';
import type { TestDatabase } from '../support/postgres.js';
import { HeadMoves } from './head-moves.js';
import { SideWorks } from './side-works.js';
import { Undos } from './undos.js';

const main = 'main' as BranchId;
const WRITERS = 4;
const WRITES_EACH = 8;
const COMMITTERS = 2;
const COMMITS_EACH = 4;
const PAGE_ITEMS = 1000;
const isForced = false;

/** Everything that a node does at once, with a book of what was answered. */
export class Workload {
  readonly #suffix: string;
  readonly #through = Promise.withResolvers<void>();
  /** Path → body, of every upload that was answered. */
  readonly uploads = new Map<string, string>();
  readonly commitMessages: string[] = [];
  readonly headMoves: HeadMoves;
  readonly sideWorks: SideWorks;
  readonly undos: Undos;
  unansweredCount = 0;
  doomedUid = '';

  constructor(
    private readonly node: TestMoraine,
    importFolder: string,
  ) {
    this.#suffix = node.adapters.ids.repositoryUid();
    const hands = {
      upload: (branch: BranchId, path: string) => this.#upload(this.repository, branch, path),
      tally: <Result>(work: Promise<Result>) => this.#tally(work),
    };
    this.headMoves = new HeadMoves(node, this.repository, hands);
    this.undos = new Undos(node, this.repository, hands);
    this.sideWorks = new SideWorks(node, this.repository, importFolder, {
      tally: (work) => this.#tally(work),
    });
  }

  get repository(): RepositoryId {
    return `kept-${this.#suffix}` as RepositoryId;
  }

  get doomed(): RepositoryId {
    return `doomed-${this.#suffix}` as RepositoryId;
  }

  get isThrough(): Promise<void> {
    return this.#through.promise;
  }

  /** Makes what the work needs: one repository to keep, and one that will be deleted. */
  async prepare(): Promise<void> {
    await this.#create(this.repository);
    await this.#create(this.doomed);
    await this.#upload(this.repository, main, 'first');
    await this.#commit(this.repository, 'first');
    await this.headMoves.prepare();
    await this.sideWorks.prepare();
    await this.#upload(this.doomed, main, 'first');
    await this.#commit(this.doomed, 'doomed');
    await this.#createBranch(this.doomed, 'other');
    await this.#upload(this.doomed, 'other' as BranchId, 'second');
    const wish = { tag: 'v1' as TagId, ref: 'main', isForced };
    await this.node.execute(new CreateTag(this.doomed, wish, this.node.newRequest()));
  }

  /** Begins all of it at once; nothing waits for anything else. */
  start(): void {
    const works = [
      ...times(WRITERS, (writer) => this.#write(writer)),
      ...times(COMMITTERS, (committer) => this.#commitOften(committer)),
      ...this.headMoves.start(),
      ...this.sideWorks.start(),
      ...this.undos.start(),
      this.#branchOut(),
      this.#deleteDoomed(),
      this.#tally(this.#create(`more-${this.#suffix}` as RepositoryId)),
      this.#tally(this.node.sweep()),
    ];
    void Promise.all(works).then(
      () => this.#through.resolve(),
      (error: unknown) => this.#through.reject(error),
    );
  }

  async #write(writer: number): Promise<void> {
    for (let count = 0; count < WRITES_EACH; count++) {
      const path = `writer-${writer}/${count}`;
      await this.#tally(this.#upload(this.repository, main, path));
      this.uploads.set(path, path);
    }
  }

  async #commitOften(committer: number): Promise<void> {
    for (let count = 0; count < COMMITS_EACH; count++) {
      const message = `commit ${committer}/${count}`;
      if (await this.#tally(this.#commit(this.repository, message))) {
        this.commitMessages.push(message);
      }
    }
  }

  async #branchOut(): Promise<void> {
    for (const name of ['b1', 'b2']) {
      await this.#tally(this.#createBranch(this.repository, name));
      await this.#tally(this.#upload(this.repository, name as BranchId, 'on a branch'));
      const request = this.node.newRequest();
      const deletion = new DeleteBranch(this.repository, name as BranchId, { isForced }, request);
      await this.#tally(this.node.execute(deletion));
    }
  }

  async #deleteDoomed(): Promise<void> {
    const request = this.node.newRequest();
    const deletion = new DeleteRepository(this.doomed, { isForced }, request);
    await this.#tally(this.node.execute(deletion));
  }

  async #create(name: RepositoryId): Promise<void> {
    const namespace = `local://${name}` as StorageNamespace;
    const wish = { name, namespace, defaultBranch: main, isReadOnly: false, isBare: false };
    const { uid } = await this.node.execute(new CreateRepository(wish, this.node.newRequest()));
    if (name === this.doomed) this.doomedUid = uid;
  }

  async #createBranch(repository: RepositoryId, name: string): Promise<void> {
    const wish = { branch: name as BranchId, sourceRef: 'main', isHidden: false, isForced };
    await this.node.execute(new CreateBranch(repository, wish, this.node.newRequest()));
  }

  async #upload(repository: RepositoryId, branch: BranchId, path: string): Promise<void> {
    const upload = {
      path: path as ObjectPath,
      body: once(path),
      contentType: '',
      metadata: [],
      isForced,
    };
    await this.node.execute(new UploadObject(repository, branch, upload, this.node.newRequest()));
  }

  /** Returns whether there was something to commit. */
  async #commit(repository: RepositoryId, message: string): Promise<boolean> {
    const wish = { message, metadata: [], dateMs: undefined, allowsEmpty: false, isForced };
    try {
      await this.node.execute(new CommitBranch(repository, main, wish, this.node.newRequest()));
      return true;
    } catch (error) {
      if (error instanceof DomainError && error.code === 'no_changes') return false;
      throw error;
    }
  }

  async #tally<Result>(work: Promise<Result>): Promise<Result> {
    this.unansweredCount++;
    const result = await work;
    this.unansweredCount--;
    return result;
  }
}

/** Holds another node's view of things against what the first one had answered. */
export async function assertKept(node: TestMoraine, workload: Workload): Promise<void> {
  const { repository } = workload;
  const page = { after: '', amount: PAGE_ITEMS };
  const flat = { prefix: '', delimiter: '' };
  const listed = await node.ask(new ListObjects(repository, 'main', page, flat));
  const found = new Map(
    listed.items.map((item) => [item.path, item.kind === 'object' ? item.entry : undefined]),
  );
  for (const [path, body] of workload.uploads) {
    const entry = found.get(path);
    expect([path, entry?.checksum]).toEqual([path, md5(body)]);
    if (!entry) continue;
    const object = { entry, namespace: listed.namespace };
    const bytes = await (await node.ask(new OpenObject(repository, object, undefined))).toArray();
    expect(Buffer.concat(bytes).toString()).toBe(body);
  }
  await workload.headMoves.assertKept(node);
  await workload.sideWorks.assertKept(node);
  await workload.undos.assertKept(node);
  const log = await node.ask(new LogCommits(repository, 'main', page, WHOLE_LOG));
  const messages = log.items.map(({ message }) => message);
  expect(new Set(messages).size).toBe(messages.length);
  expect(messages).toEqual(expect.arrayContaining(workload.commitMessages));
  for (const { name } of allProjections) {
    const { differing } = await node.rebuilder.rebuild(name, { swap: false });
    expect({ name, differing }).toEqual({ name, differing: [] });
  }
}

/** Returns the partitions in which something of a repository is left. */
export async function rowsOfRepository(database: TestDatabase, uid: string): Promise<unknown[]> {
  return [
    ...(await database.query(
      `SELECT DISTINCT partition FROM kv_row JOIN kv_slot USING (slot)
        WHERE state = 'active'
          AND (strpos(partition, $1) > 0 OR strpos(encode(key, 'escape'), $1) > 0)`,
      [uid],
    )),
  ];
}

const times = <Result>(count: number, make: (index: number) => Result): Result[] =>
  Array.from({ length: count }, (_, index) => make(index));

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield utf8(text);
}
