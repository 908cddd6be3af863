import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { IssueAddress } from '../../src/commands/address/issue-address.js';
import { LinkAddress } from '../../src/commands/address/link-address.js';
import { CreateBranch } from '../../src/commands/branch/create-branch.js';
import { StartImport } from '../../src/commands/import/start-import.js';
import { CompleteMultipart } from '../../src/commands/multipart/complete-multipart.js';
import { StartMultipart } from '../../src/commands/multipart/start-multipart.js';
import { StorePart } from '../../src/commands/multipart/store-part.js';
import { UploadObject } from '../../src/commands/object/upload-object.js';
import { RunRefsTask } from '../../src/commands/refs/run-refs-task.js';
import { BeginRequest } from '../../src/commands/repeats/begin-request.js';
import { RecordAnswer } from '../../src/commands/repeats/record-answer.js';
import { CreateRepository } from '../../src/commands/repository/create-repository.js';
import type {
  BranchId,
  CommandId,
  ImportId,
  ObjectPath,
  RepositoryId,
  StorageNamespace,
  UserId,
} from '../../src/domain/model.js';
import { GetImport } from '../../src/queries/get-import.js';
import { ListObjects } from '../../src/queries/list-objects.js';
import { LogCommits, WHOLE_LOG } from '../../src/queries/log-commits.js';
import { utf8 } from '../../src/shared/bytes.js';
import type { TestMoraine } from '../support/moraine.js';

const main = 'main' as BranchId;
/** Of its own: an import wants a branch that nobody writes to. */
const INTAKE = 'intake' as BranchId;
const FILES = 5;
const PAGE = { after: '', amount: 1000 };
const plain = { contentType: '', metadata: [], isForced: false };

/** What a workload does beside: with its own book-keeping. */
interface Hands {
  tally<Result>(work: Promise<Result>): Promise<Result>;
}

/** Links, uploads in parts, an import, keyed requests, a dump and a restore of refs. */
export class SideWorks {
  /** Paths that were answered. */
  readonly #paths: string[] = [];
  #importId: ImportId | undefined;
  #isRestored = false;

  constructor(
    private readonly node: TestMoraine,
    private readonly repository: RepositoryId,
    private readonly importFolder: string,
    private readonly hands: Hands,
  ) {}

  /** Lays out what is imported, and a repository that the refs are restored into. */
  async prepare(): Promise<void> {
    await mkdir(this.importFolder, { recursive: true });
    for (let file = 0; file < FILES; file++) {
      await writeFile(join(this.importFolder, String(file)), `imported ${file}`);
    }
    await this.node.execute(new CreateRepository(this.#bare, this.node.newRequest()));
    const wish = { branch: INTAKE, sourceRef: 'main', isHidden: false, isForced: false };
    await this.node.execute(new CreateBranch(this.repository, wish, this.node.newRequest()));
  }

  start(): readonly Promise<void>[] {
    return [this.#link(), this.#inParts(), this.#import(), this.#keyed(), this.#copyRefs()];
  }

  /** Holds another node's view of it all against what was answered here. */
  async assertKept(other: TestMoraine): Promise<void> {
    const listed = new Set(await this.#pathsOn(other, main));
    expect(this.#paths.filter((path) => !listed.has(path))).toEqual([]);
    const taken = await this.#pathsOn(other, INTAKE);
    const imported = taken.filter((path) => path.startsWith('imported/'));
    if (this.#importId) {
      const job = await other.ask(new GetImport(this.repository, this.#importId));
      expect(job).toMatchObject({ ingestedCount: FILES, error: null });
      expect(job.commit).not.toBeNull();
    }
    // All of them or none, and none only where nobody was told that it was begun.
    if (this.#importId || imported.length > 0) expect(imported).toHaveLength(FILES);
    const took = await this.#messages(other, this.repository, INTAKE);
    expect(took.filter((message) => message === 'import').length).toBeLessThan(2);
    if (this.#isRestored) {
      const messages = await this.#messages(other, this.repository, main);
      const restored = await this.#messages(other, this.#bare.name, main);
      expect(restored.filter((message) => !messages.includes(message))).toEqual([]);
      expect(restored).toContain('first');
    }
  }

  /** In the same namespace, where the dump's tables are. */
  get #bare() {
    return {
      name: `copy-of-${this.repository}` as RepositoryId,
      namespace: `local://${this.repository}` as StorageNamespace,
      defaultBranch: main,
      isReadOnly: false,
      isBare: true,
    };
  }

  async #link(): Promise<void> {
    const path = 'linked' as ObjectPath;
    const issue = new IssueAddress(this.repository, main, path);
    const physicalAddress = await this.hands.tally(this.node.execute(issue));
    const link = { path, physicalAddress, checksum: 'linked', sizeBytes: 6, ...plain };
    const more = { modifiedAtMs: undefined, condition: undefined };
    const request = this.node.newRequest();
    const command = new LinkAddress(this.repository, main, { ...link, ...more }, request);
    await this.hands.tally(this.node.execute(command));
    this.#paths.push(path);
  }

  async #inParts(): Promise<void> {
    const path = 'in parts' as ObjectPath;
    const { repository, node } = this;
    const start = new StartMultipart(repository, main, path, node.newRequest());
    const begun = await this.hands.tally(node.execute(start));
    const part = { uid: begun.uid, uploadId: begun.uploadId, partNumber: 1 };
    const store = new StorePart(part, bodyOf('a part'), node.newRequest());
    const { md5 } = await this.hands.tally(node.execute(store));
    const { uploadId, physicalAddress } = begun;
    const upload = { repository, branch: main, path, uploadId, physicalAddress };
    const object = { parts: [{ partNumber: 1, md5 }], contentType: '', metadata: [] };
    const complete = new CompleteMultipart(upload, object, node.newRequest());
    await this.hands.tally(node.execute(complete));
    this.#paths.push(path);
  }

  async #import(): Promise<void> {
    const source = {
      kind: 'prefix',
      uri: `local://${this.importFolder}/`,
      prefix: 'imported/',
    } as const;
    const wish = { sources: [source], message: 'import', metadata: [], isForced: false };
    const request = this.node.newRequest();
    const start = new StartImport(this.repository, INTAKE, wish, request);
    this.#importId = await this.hands.tally(this.node.execute(start));
    await this.hands.tally(this.node.finishJobs());
  }

  /** As an edge does what its caller may send again. */
  async #keyed(): Promise<void> {
    const path = 'keyed' as ObjectPath;
    const caller = { user: 'tester' as UserId, requestId: 'keyed' };
    const attemptId = this.node.newRequest().commandId as string as CommandId;
    const keyed = { key: path, content: [path], attemptId };
    const { request } = await this.hands.tally(this.node.execute(new BeginRequest(caller, keyed)));
    const upload = { path, body: bodyOf(path), ...plain };
    const command = new UploadObject(this.repository, main, upload, request);
    await this.hands.tally(this.node.execute(command));
    const answer = { status: 201, body: path, upload: undefined };
    await this.hands.tally(this.node.execute(new RecordAnswer(request, answer)));
    this.#paths.push(path);
  }

  async #copyRefs(): Promise<void> {
    const dump = new RunRefsTask(this.repository, { kind: 'dump' }, this.node.newRequest());
    const refs = await this.hands.tally(this.node.execute(dump));
    const restore = { kind: 'restore', refs, isForced: false } as const;
    const request = this.node.newRequest();
    await this.hands.tally(this.node.execute(new RunRefsTask(this.#bare.name, restore, request)));
    this.#isRestored = true;
  }

  async #pathsOn(node: TestMoraine, branch: BranchId): Promise<readonly string[]> {
    const flat = { prefix: '', delimiter: '' };
    const { items } = await node.ask(new ListObjects(this.repository, branch, PAGE, flat));
    return items.map(({ path }) => path);
  }

  async #messages(
    node: TestMoraine,
    repository: RepositoryId,
    branch: BranchId,
  ): Promise<readonly string[]> {
    const { items } = await node.ask(new LogCommits(repository, branch, PAGE, WHOLE_LOG));
    return items.map(({ message }) => message);
  }
}

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  yield utf8(text);
}
