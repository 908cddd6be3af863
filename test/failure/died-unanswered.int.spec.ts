import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from '@nestjs/cqrs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CommitBranch } from '../../src/commands/branch/commit-branch.js';
import { CreateBranch } from '../../src/commands/branch/create-branch.js';
import { DeleteBranch } from '../../src/commands/branch/delete-branch.js';
import { MergeIntoBranch } from '../../src/commands/branch/merge-into-branch.js';
import { ResetBranch } from '../../src/commands/branch/reset-branch.js';
import { CloneObject } from '../../src/commands/object/clone-object.js';
import { CopyObject } from '../../src/commands/object/copy-object.js';
import { SetObjectMetadata } from '../../src/commands/object/set-object-metadata.js';
import { StageObject } from '../../src/commands/object/stage-object.js';
import { UnstageObjects } from '../../src/commands/object/unstage-objects.js';
import { UploadObject } from '../../src/commands/object/upload-object.js';
import { RunRefsTask } from '../../src/commands/refs/run-refs-task.js';
import { BeginRequest } from '../../src/commands/repeats/begin-request.js';
import { CreateRepository } from '../../src/commands/repository/create-repository.js';
import { DeleteRepository } from '../../src/commands/repository/delete-repository.js';
import { SetRepositoryMetadata } from '../../src/commands/repository/set-repository-metadata.js';
import type { Request } from '../../src/commands/request.js';
import { CreateTag } from '../../src/commands/tag/create-tag.js';
import { DeleteTag } from '../../src/commands/tag/delete-tag.js';
import type {
  BranchId,
  CommandId,
  ObjectPath,
  RepositoryId,
  StorageNamespace,
  TagId,
  UserId,
} from '../../src/domain/model.js';
import type { RefsDump } from '../../src/domain/refs-task/refs-task.events.js';
import { LogCommits, WHOLE_LOG } from '../../src/queries/log-commits.js';
import { StatObject } from '../../src/queries/stat-object.js';
import { utf8 } from '../../src/shared/bytes.js';
import { nodeOn, type TestMoraine } from '../support/moraine.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';

const lake = 'lake' as RepositoryId;
const main = 'main' as BranchId;
const side = 'side' as BranchId;
const path = (text: string) => text as ObjectPath;
const forced = { isForced: false };
const bare = 'bare' as RepositoryId;
const restore = { kind: 'restore', isForced: false } as const;
let dumped: RefsDump;
let database: TestDatabase;
let folder: string;
let node: TestMoraine;
let other: TestMoraine;
let count = 0;

beforeAll(async () => {
  database = await freshDatabase();
  folder = await mkdtemp(join(tmpdir(), 'moraine-unanswered-'));
  const { connection } = database;
  node = await nodeOn({ connection, folder });
  other = await nodeOn({ connection, folder });
  await node.execute(createRepository(lake, node.newRequest()));
}, 60_000);
afterAll(async () => {
  await node.close();
  await other.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  yield utf8(text);
}

const createRepository = (name: RepositoryId, request: Request, { isBare } = { isBare: false }) => {
  // Refs are restored from tables in the namespace that they were dumped to.
  const namespace = `local://${isBare ? lake : name}` as StorageNamespace;
  const wish = { name, namespace, defaultBranch: main, isReadOnly: false, isBare };
  return new CreateRepository(wish, request);
};
const upload = (to: string, body: string, request: Request, isConditional = false) =>
  new UploadObject(
    lake,
    main,
    {
      path: path(to),
      body: bodyOf(body),
      contentType: '',
      metadata: [],
      ...(isConditional && { condition: { kind: 'absent' } }),
      ...forced,
    },
    request,
  );
const words = { message: 'm', metadata: [], isForced: false };
const commit = (branch: BranchId, request: Request) =>
  new CommitBranch(lake, branch, { ...words, dateMs: undefined, allowsEmpty: true }, request);
const put = (to: string, body = 'later') => node.execute(upload(to, body, node.newRequest()));
const unstage = (from: string, request: Request) =>
  new UnstageObjects(lake, main, [path(from)], forced, request);
const createBranch = (branch: BranchId, sourceRef: string, request: Request) =>
  new CreateBranch(lake, { branch, sourceRef, isHidden: false, ...forced }, request);
const nowOf = (at: string) =>
  other.ask(new StatObject(lake, main, path(at))).then(
    ({ entry }) => JSON.stringify(entry),
    () => 'nothing',
  );

interface Repeated {
  readonly what: string;
  readonly command: (request: Request) => Command<unknown>;
  readonly before?: () => Promise<unknown>;
  /** What somebody else does before it is sent again, which a second effect would undo. */
  readonly between?: () => Promise<unknown>;
  /** What must be the same before and after. */
  readonly seen?: () => Promise<unknown>;
}

const repeated: readonly Repeated[] = [
  {
    what: 'an upload',
    command: (request) => upload('up', 'one', request),
    between: () => put('up'),
    seen: () => nowOf('up'),
  },
  {
    what: 'an upload on a condition',
    command: (request) => upload('cond', 'one', request, true),
    between: () => node.execute(unstage('cond', node.newRequest())),
    seen: () => nowOf('cond'),
  },
  {
    what: 'a staged object',
    command: (request) =>
      new StageObject(
        lake,
        main,
        {
          path: path('staged'),
          physicalAddress: `s3://away/${count++}`,
          checksum: 'c',
          sizeBytes: 1,
          modifiedAtMs: undefined,
          contentType: '',
          metadata: [],
          ...forced,
        },
        request,
      ),
    between: () => put('staged'),
    seen: () => nowOf('staged'),
  },
  {
    what: 'a deletion',
    before: () => put('gone'),
    command: (request) => unstage('gone', request),
    between: () => put('gone'),
    seen: () => nowOf('gone'),
  },
  {
    what: 'a copy',
    before: () => put('from'),
    command: (request) => {
      const target = { repository: lake, branch: main, path: path('copy'), ...forced };
      const source = { repository: lake, ref: main, path: path('from') };
      return new CopyObject(source, target, {}, request);
    },
    between: () => node.execute(unstage('from', node.newRequest())),
    seen: () => nowOf('copy'),
  },
  {
    what: 'a shallow copy',
    before: () => put('shared'),
    command: (request) => {
      const clone = { source: path('shared'), path: path('clone'), overrides: {}, ...forced };
      return new CloneObject(lake, main, clone, request);
    },
    between: () => node.execute(unstage('shared', node.newRequest())),
    seen: () => nowOf('clone'),
  },
  {
    what: 'a change of metadata',
    before: () => put('described'),
    command: (request) =>
      new SetObjectMetadata(lake, main, path('described'), [['k', 'v']], request),
    between: () => put('described'),
    seen: () => nowOf('described'),
  },
  { what: 'a commit', before: () => put('c'), command: (request) => commit(main, request) },
  {
    what: 'a branch',
    command: (request) => createBranch(side, 'main', request),
    between: () => node.execute(commit(main, node.newRequest())),
  },
  {
    what: 'a merge',
    before: async () => {
      await node.execute(commit(main, node.newRequest()));
      await node.execute(commit(side, node.newRequest()));
    },
    command: (request) => {
      const wish = { ...words, sourceRef: 'side', strategy: 'default', isSquash: false } as const;
      return new MergeIntoBranch(lake, main, { ...wish, allowsEmpty: true }, request);
    },
    between: () => node.execute(commit(side, node.newRequest())),
  },
  {
    what: 'a reset',
    command: (request) =>
      new ResetBranch(lake, main, { scope: { kind: 'all' }, ...forced }, request),
    between: () => put('kept'),
    seen: () => nowOf('kept'),
  },
  {
    what: 'a deletion of a branch',
    command: (request) => new DeleteBranch(lake, side, forced, request),
  },
  {
    what: 'a deletion of a branch that is there again',
    before: () => node.execute(createBranch(side, 'main', node.newRequest())),
    command: (request) => new DeleteBranch(lake, side, forced, request),
    between: () => node.execute(createBranch(side, 'main', node.newRequest())),
    seen: () => other.ask(new StatObject(lake, 'side', path('kept'))).catch(String),
  },
  {
    what: 'a tag',
    command: (request) =>
      new CreateTag(lake, { tag: 'v' as TagId, ref: 'side', ...forced }, request),
    between: () => node.execute(new DeleteBranch(lake, side, forced, node.newRequest())),
  },
  {
    what: 'a deletion of a tag',
    command: (request) => new DeleteTag(lake, 'v' as TagId, forced, request),
  },
  {
    what: 'a repository’s metadata',
    command: (request) =>
      new SetRepositoryMetadata(lake, { set: [['k', 'v']], unset: [] }, request),
  },
  {
    what: 'a repository',
    command: (request) => createRepository('second' as RepositoryId, request),
  },
  {
    what: 'a dump of refs',
    command: (request) => new RunRefsTask(lake, { kind: 'dump' }, request),
    between: () => node.execute(commit(main, node.newRequest())),
  },
  {
    what: 'a restore of refs',
    before: async () => {
      const dump = new RunRefsTask(lake, { kind: 'dump' }, node.newRequest());
      dumped = await node.execute(dump);
      await node.execute(createRepository(bare, node.newRequest(), { isBare: true }));
    },
    command: (request) => new RunRefsTask(bare, { ...restore, refs: dumped }, request),
    seen: () => other.ask(new LogCommits(bare, main, { after: '', amount: 10 }, WHOLE_LOG)),
  },
  {
    what: 'a deletion of a repository',
    command: (request) => new DeleteRepository('second' as RepositoryId, forced, request),
  },
];

/** As an edge does: the same key and content, another attempt. */
async function begin(on: TestMoraine, key: string) {
  const caller = { user: 'ann' as UserId, requestId: `r${count++}` };
  const keyed = { key, content: [key], attemptId: `attempt-${count}` as CommandId };
  return on.execute(new BeginRequest(caller, keyed));
}

describe('a request whose node died between its effect and its answer', () => {
  it.each(repeated)(
    'is answered on another node as if nothing had happened: $what',
    async ({ what, command, before, between, seen }) => {
      await before?.();
      const begun = await begin(node, what);
      expect(begun.request.once.isRepeat).toBe(false);
      const first = await node.execute(command(begun.request));
      await between?.();
      // Committed, consumed and dropped: of its rows nothing is left.
      await node.execute(commit(main, node.newRequest()));
      await node.sweep();
      await node.sweep();
      const shown = await seen?.();
      const again = await begin(other, what);
      expect(again).toMatchObject({
        request: { commandId: begun.request.commandId, once: { isRepeat: true } },
        answer: undefined,
      });
      expect(await other.execute(command(again.request))).toEqual(first);
      expect(await seen?.()).toEqual(shown);
    },
    30_000,
  );

  it('is made once though its node died before the namespace it marked was used', async () => {
    const name = 'third' as RepositoryId;
    const { request } = await begin(node, 'marked');
    const text = 'this is dummy data - created by lakeFS to check accessibility';
    const body = utf8(`${text}\n${request.commandId}\n`);
    const address = { namespace: 'local://third' as StorageNamespace, key: '_lakefs/dummy' };
    await node.adapters.blocks.putIfAbsent(address, body);
    const stranger = node.execute(createRepository(name, node.newRequest()));
    await expect(stranger).rejects.toMatchObject({ code: 'namespace_in_use' });
    const again = await begin(other, 'marked');
    const made = await other.execute(createRepository(name, again.request));
    expect(made).toMatchObject({ name });
  });

  it('is another one when its key comes with another body', async () => {
    const { request } = await begin(node, 'body');
    await node.execute(upload('body', 'one', request));
    const again = await begin(other, 'body');
    const another = other.execute(upload('body', 'two', again.request));
    await expect(another).rejects.toMatchObject({ code: 'key_taken' });
  });
});
