import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CommitBranch } from '../../src/commands/branch/commit-branch.js';
import { CreateBranch } from '../../src/commands/branch/create-branch.js';
import { DeleteBranch } from '../../src/commands/branch/delete-branch.js';
import { CreateCommitRecord } from '../../src/commands/commit/create-commit-record.js';
import { StageObject } from '../../src/commands/object/stage-object.js';
import { UnstageObjects } from '../../src/commands/object/unstage-objects.js';
import { RunRefsTask } from '../../src/commands/refs/run-refs-task.js';
import { SubmitRefsTask } from '../../src/commands/refs/submit-refs-task.js';
import { CreateRepository } from '../../src/commands/repository/create-repository.js';
import { CreateTag } from '../../src/commands/tag/create-tag.js';
import { writeRecordTable } from '../../src/committed/record-table.js';
import { commitIdOf } from '../../src/domain/commit/commit-id.js';
import type {
  BranchId,
  CommitId,
  CommitRecord,
  MetaRangeId,
  ObjectPath,
  RepositoryId,
  StorageNamespace,
  TagId,
} from '../../src/domain/model.js';
import type { RefsDump } from '../../src/domain/refs-task/refs-task.events.js';
import type { RepositoryRecord } from '../../src/domain/repository/repository.events.js';
import { encodeCommit, encodeRef } from '../../src/migration/refs-records.js';
import { refsProperties } from '../../src/migration/refs-properties.js';
import { GetCommit } from '../../src/queries/get-commit.js';
import { GetRefsTask } from '../../src/queries/get-refs-task.js';
import { ListBranches } from '../../src/queries/list-branches.js';
import { ListObjects } from '../../src/queries/list-objects.js';
import { ListTags } from '../../src/queries/list-tags.js';
import { AddressRefused } from '../../src/ports/store-errors.js';
import { compareUtf8, utf8 } from '../../src/shared/bytes.js';
import { Dying } from '../support/dying.js';
import { main } from '../support/imports.js';
import { inMemory, type TestMoraine } from '../support/moraine.js';

const namespace = 'local://lake' as StorageNamespace;
const ALL = { after: '', amount: 1000 };
const LONG_MS = 60_000;

let dying: Dying;
let moraine: TestMoraine;
beforeEach(async () => {
  dying = new Dying();
  moraine = await inMemory(dying.wrap);
});
afterEach(() => moraine.close());

const create = (name: string, isBare: boolean): Promise<RepositoryRecord> => {
  const wish = { namespace, defaultBranch: main, isReadOnly: false, isBare };
  return moraine.execute(
    new CreateRepository({ ...wish, name: name as RepositoryId }, moraine.newRequest()),
  );
};

const dumped = ({ name }: RepositoryRecord): Promise<RefsDump> =>
  moraine.execute(new RunRefsTask(name, { kind: 'dump' }, moraine.newRequest()));

const restored = ({ name }: RepositoryRecord, refs: RefsDump, isForced = false) =>
  moraine.execute(new RunRefsTask(name, { kind: 'restore', refs, isForced }, moraine.newRequest()));

async function refsOf({ name }: RepositoryRecord) {
  const filter = { prefix: '', showsHidden: true };
  const branches = await moraine.ask(new ListBranches(name, ALL, filter));
  const shown = await moraine.ask(new ListBranches(name, ALL, { ...filter, showsHidden: false }));
  const tags = await moraine.ask(new ListTags(name, ALL, { prefix: '' }));
  const objects = new Map<string, unknown>();
  for (const branch of branches.items) {
    const all = new ListObjects(name, branch.name, ALL, { prefix: '', delimiter: '' });
    const { items } = await moraine.ask(all);
    // Less what says whether an object was at hand.
    objects.set(
      branch.name,
      items.map((item) => ({ ...item, kept: undefined })),
    );
  }
  return {
    branches: branches.items,
    shown: shown.items.map((branch) => branch.name),
    tags: tags.items,
    objects,
  };
}

const stage = ({ name }: RepositoryRecord, branch: BranchId, path: string, checksum = path) =>
  moraine.execute(
    new StageObject(
      name,
      branch,
      {
        path: path as ObjectPath,
        physicalAddress: `s3://old/${path}`,
        checksum,
        sizeBytes: 1,
        modifiedAtMs: 1000,
        contentType: 'text/plain',
        metadata: [['k', path]],
        isForced: false,
      },
      moraine.newRequest(),
    ),
  );

const commit = ({ name }: RepositoryRecord, branch: BranchId, message: string) => {
  const metadata = [['é', message]] as const;
  const wish = { message, metadata, dateMs: undefined, allowsEmpty: false, isForced: false };
  return moraine.execute(new CommitBranch(name, branch, wish, moraine.newRequest()));
};

async function branchOff({ name }: RepositoryRecord, branch: string, isHidden: boolean) {
  const wish = { branch: branch as BranchId, sourceRef: main, isHidden, isForced: false };
  await moraine.execute(new CreateBranch(name, wish, moraine.newRequest()));
  return wish.branch;
}

/** Three branches, one of them hidden, a tag, and staged changes on two. */
async function filled(name: string): Promise<RepositoryRecord> {
  const lake = await create(name, false);
  for (const path of ['a', 'b', 'é/c']) await stage(lake, main, path);
  await commit(lake, main, 'first');
  const work = await branchOff(lake, 'work', false);
  await branchOff(lake, 'secret', true);
  await stage(lake, work, 'd');
  await commit(lake, work, 'second');
  const tag = { tag: 'v1.0' as TagId, ref: work, isForced: false };
  await moraine.execute(new CreateTag(lake.name, tag, moraine.newRequest()));
  for (const path of ['staged/1', 'staged/2']) await stage(lake, work, path);
  await stage(lake, main, 'staged on main');
  const paths = ['b' as ObjectPath];
  const options = { isForced: false };
  await moraine.execute(new UnstageObjects(lake.name, work, paths, options, moraine.newRequest()));
  return lake;
}

describe('a dump of refs', () => {
  it('brings everything back, hidden branches and staged changes too', async () => {
    const lake = await filled('lake');
    const refs = await dumped(lake);
    const copy = await create('copy', true);
    await restored(copy, refs);
    expect(await refsOf(copy)).toEqual(await refsOf(lake));
    expect((await refsOf(copy)).shown).toEqual(['main', 'work']);
    expect(await dumped(copy)).toEqual(refs);
  });

  it('leaves its manifest where lakeFS does', async () => {
    const lake = await filled('lake');
    const refs = await dumped(lake);
    const address = { namespace, key: '_lakefs/refs_manifest.json' };
    const manifest = await moraine.adapters.blocks.getBytes(address, 1000);
    expect(Buffer.from(manifest).toString()).toBe(
      `{\n  "branches_meta_range_id": "${refs.branches}",\n` +
        `  "commits_meta_range_id": "${refs.commits}",\n` +
        `  "tags_meta_range_id": "${refs.tags}"\n}`,
    );
  });

  it('is a task that says what it came to, of its own kind alone', async () => {
    const lake = await filled('lake');
    const work = { kind: 'dump' } as const;
    const task = new SubmitRefsTask(lake.name, work, moraine.newRequest());
    const { id } = await moraine.execute(task);
    expect(id).toMatch(/^DR[\w-]{20}$/);
    await moraine.finishJobs();
    const found = await moraine.ask(new GetRefsTask(lake.name, id, 'dump'));
    expect(found).toMatchObject({ isDone: true, error: null, refs: await dumped(lake) });
    const asRestore = moraine.ask(new GetRefsTask(lake.name, id, 'restore'));
    await expect(asRestore).rejects.toMatchObject({ code: 'task_not_found' });
  });

  it('is taken over, and restored, by another node wherever one dies', async () => {
    const lake = await filled('lake');
    const refs = await dumped(lake);
    const wanted = await refsOf(lake);
    for (const isLanding of [true, false]) {
      dying.isLanding = isLanding;
      let cuts = 0;
      for (let at = 0; ; at++) {
        const copy = await create(`copy-${isLanding ? 'l' : 'n'}-${at}`, true);
        dying.appendsLeft = at + 1;
        const work = { kind: 'restore', refs, isForced: false } as const;
        const task = new SubmitRefsTask(copy.name, work, moraine.newRequest());
        const { id } = await moraine.execute(task);
        await moraine.finishJobs();
        const isCut = dying.appendsLeft < 0;
        dying.repair();
        if (!isCut) break;
        cuts++;
        await moraine.restart();
        // Half done, it can be asked for again: the default branch comes when all else is there.
        const { branches: half } = await refsOf(copy);
        const isBare = half.every(({ name }) => name !== main);
        expect(isBare || half.length === wanted.branches.length).toBe(true);
        dying.aheadMs += LONG_MS;
        await moraine.finishJobs();
        expect(await moraine.ask(new GetRefsTask(copy.name, id, 'restore'))).toMatchObject({
          isDone: true,
          error: null,
        });
        expect(await refsOf(copy)).toEqual(wanted);
      }
      expect(cuts).toBeGreaterThan(6);
    }
  });
});

describe('a restore', () => {
  it('is refused where there is a default branch', async () => {
    const lake = await filled('lake');
    const refs = await dumped(lake);
    await expect(restored(lake, refs)).rejects.toMatchObject({ code: 'not_bare' });
  });

  it('can be done again when half of it is there', async () => {
    const lake = await filled('lake');
    const refs = await dumped(lake);
    const copy = await create('copy', true);
    const { items } = await moraine.ask(new ListTags(lake.name, ALL, { prefix: '' }));
    const id = items[0]?.commitId as CommitId;
    const there = await moraine.ask(new GetCommit(lake.name, id));
    const record = new CreateCommitRecord(copy.name, there, NOT_FORCED, moraine.newRequest());
    await moraine.execute(record);
    const tag = { tag: 'v1.0' as TagId, ref: id, isForced: false };
    await moraine.execute(new CreateTag(copy.name, tag, moraine.newRequest()));
    await restored(copy, refs);
    expect(await refsOf(copy)).toEqual(await refsOf(lake));
  });

  it('is refused, and begins nothing, when a file is not there', async () => {
    const lake = await filled('lake');
    const refs = await dumped(lake);
    const copy = await create('copy', true);
    const none = 'ab'.repeat(32) as MetaRangeId;
    for (const broken of [{ tags: none }, { commits: none }, { branches: none }]) {
      const refused = restored(copy, { ...refs, ...broken });
      await expect(refused).rejects.toMatchObject({ code: 'object_data_missing' });
      const work = { kind: 'restore', refs: { ...refs, ...broken }, isForced: false } as const;
      const task = new SubmitRefsTask(copy.name, work, moraine.newRequest());
      const { id } = await moraine.execute(task);
      await moraine.finishJobs();
      const { error } = await moraine.ask(new GetRefsTask(copy.name, id, 'restore'));
      expect(error).toMatch(/^No data/);
    }
    const odd = restored(copy, { ...refs, tags: '../x' as MetaRangeId });
    await expect(odd).rejects.toThrow(AddressRefused);
    expect(await commitCount(copy)).toBe(0);
    await restored(copy, refs);
  });

  it.each([
    ['of before generations', { generation: 0 }],
    ['that was changed', { message: 'another' }],
    ['whose parent is missing', { parents: ['cd'.repeat(32) as CommitId] }],
  ] as const)('refuses a commit %s', async (what, change) => {
    const lake = await filled('lake');
    const refs = await dumped(lake);
    const copy = await create('copy', true);
    const plain = { ...PLAIN, ...change };
    const id = what === 'that was changed' ? commitIdOf(PLAIN) : commitIdOf(plain);
    const commits = await tableOf('commit', [[id, encodeCommit({ id, ...plain })]]);
    const branches = await tableOf('branch', [['main', encodeRef({ name: 'main', commitId: id })]]);
    const tags = await tableOf('tag', []);
    const refused = restored(copy, { ...refs, commits, branches, tags });
    await expect(refused).rejects.toMatchObject({ code: 'restore_refused' });
    expect(await commitCount(copy)).toBe(0);
  });

  it('stages once, wherever a node dies: what a user has made of it since stands', async () => {
    const refs = await dumped(await filled('lake'));
    const staged = ['work staged/1', 'work staged/2', 'main staged on main'];
    const kept = new Set<string>();
    for (let at = 0; ; at++) {
      const copy = await create(`copy-${at}`, true);
      if (!(await isCutAt(copy, refs, at))) break;
      await moraine.restart();
      const before = [...(await checksumsOf(copy)).keys()].filter((path) => staged.includes(path));
      for (const whole of before) {
        const [branch, path] = [whole.slice(0, 4) as BranchId, whole.slice(5)];
        if (path === 'staged/2') await unstage(copy, branch, path);
        else await stage(copy, branch, path, 'newer');
        await commit(copy, branch, `newer ${path}`);
        kept.add(whole);
      }
      const wanted = await checksumsOf(copy);
      dying.aheadMs += LONG_MS;
      await moraine.finishJobs();
      const found = await checksumsOf(copy);
      const told = (of: ReadonlyMap<string, string>) => before.map((path) => [path, of.get(path)]);
      expect({ at, kept: told(found) }).toEqual({ at, kept: told(wanted) });
      expect(found.has('main staged on main')).toBe(true);
    }
    expect([...kept].toSorted()).toEqual(staged.toSorted());
  });

  it('leaves a branch alone that was deleted since, and one that has its name', async () => {
    const refs = await dumped(await filled('lake'));
    const ends = { gone: 0, anew: 0 };
    for (let at = 0; ; at++) {
      const copy = await create(`copy-${at}`, true);
      if (!(await isCutAt(copy, refs, at))) break;
      await moraine.restart();
      const names = (await refsOf(copy)).branches.map(({ name }) => name as string);
      if (!['work', 'secret'].every((name) => names.includes(name))) continue;
      const branch = 'work' as BranchId;
      await moraine.execute(new DeleteBranch(copy.name, branch, NOT_FORCED, moraine.newRequest()));
      const end = ends.gone > ends.anew ? 'anew' : 'gone';
      ends[end]++;
      const wish = { branch, sourceRef: 'secret', isHidden: false, isForced: false };
      const anew = new CreateBranch(copy.name, wish, moraine.newRequest());
      if (end === 'anew') await moraine.execute(anew);
      const wanted = (await refsOf(copy)).objects.get(branch);
      dying.aheadMs += LONG_MS;
      await moraine.finishJobs();
      expect((await refsOf(copy)).objects.get(branch)).toEqual(wanted);
      expect((await checksumsOf(copy)).has('main staged on main')).toBe(true);
    }
    expect(Math.min(ends.gone, ends.anew)).toBeGreaterThan(1);
  });

  /** Asks for a restore whose node dies behind an append; false: it was done before that. */
  async function isCutAt({ name }: RepositoryRecord, refs: RefsDump, at: number): Promise<boolean> {
    dying.isLanding = true;
    dying.appendsLeft = at + 1;
    const work = { kind: 'restore', refs, isForced: false } as const;
    await moraine.execute(new SubmitRefsTask(name, work, moraine.newRequest()));
    await moraine.finishJobs();
    const isCut = dying.appendsLeft < 0;
    dying.repair();
    return isCut;
  }

  /** Of every object on every branch. */
  async function checksumsOf(copy: RepositoryRecord): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (const { name } of (await refsOf(copy)).branches) {
      const list = new ListObjects(copy.name, name, ALL, { prefix: '', delimiter: '' });
      for (const item of (await moraine.ask(list)).items) {
        if (item.kind === 'object') found.set(`${name} ${item.path}`, item.entry.checksum);
      }
    }
    return found;
  }

  const unstage = ({ name }: RepositoryRecord, branch: BranchId, path: string) => {
    const paths = [path as ObjectPath];
    const unstaging = new UnstageObjects(name, branch, paths, NOT_FORCED, moraine.newRequest());
    return moraine.execute(unstaging);
  };

  const tableOf = (
    entity: 'commit' | 'branch' | 'tag',
    records: readonly (readonly [string, Uint8Array])[],
  ) => {
    const all = records.map(([key, data]) => ({ key: utf8(key), identity: utf8('x'), data }));
    const properties = refsProperties(entity);
    return writeRecordTable(moraine.adapters.blocks, namespace, all, { properties });
  };

  const commitCount = async ({ uid }: RepositoryRecord) => {
    const { kv } = moraine.adapters;
    const [rows = []] = await kv.read([{ kind: 'scan', partition: `commits/${uid}`, limit: 10 }]);
    return rows.length;
  };
});

const NOT_FORCED = { isForced: false };
const PLAIN: Omit<CommitRecord, 'id'> = {
  committer: 'ada',
  message: 'm',
  metaRangeId: '' as MetaRangeId,
  createdAtMs: 1_700_000_000_000,
  parents: [],
  metadata: [],
  generation: 1,
  version: 1,
};

describe('a dump that lakeFS 1.84 has written', () => {
  const folder = new URL('../golden/refs-dump/', import.meta.url);
  const golden = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8')) as Golden;

  it('comes back commit by commit, with every id and every object as it was', async () => {
    for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!file.isFile() || file.name === 'expected.json') continue;
      const path = `${file.parentPath}/${file.name}`;
      const key = path.slice(path.indexOf('refs-dump/') + 'refs-dump/'.length);
      await moraine.adapters.blocks.putIfAbsent({ namespace, key }, readFileSync(path));
    }
    const lake = await create('lake', true);
    const { refs } = golden;
    await restored(lake, {
      commits: refs.commits_meta_range_id as MetaRangeId,
      tags: refs.tags_meta_range_id as MetaRangeId,
      branches: refs.branches_meta_range_id as MetaRangeId,
    });
    const { branches, tags, objects } = await refsOf(lake);
    const named = ({ name, commitId }: (typeof tags)[number] | (typeof branches)[number]) =>
      [name, commitId] as const;
    expect(Object.fromEntries(branches.map(named))).toEqual(golden.branches);
    expect(Object.fromEntries(tags.map(named))).toEqual(golden.tags);
    for (const wanted of golden.commits) {
      expect(await moraine.ask(new GetCommit(lake.name, wanted.id))).toEqual({
        id: wanted.id,
        parents: wanted.parents,
        committer: wanted.committer,
        message: wanted.message,
        createdAtMs: expect.any(Number),
        metaRangeId: wanted.meta_range_id,
        metadata: Object.entries(wanted.metadata).toSorted(([a], [b]) => compareUtf8(a, b)),
        generation: wanted.generation,
        version: wanted.version,
      });
    }
    for (const [branch, all] of Object.entries(golden.objects)) {
      const found = objects.get(branch) as { path: string; entry: Entry }[];
      expect(found.map(({ path, entry }) => [path, entry.checksum, entry.sizeBytes])).toEqual(all);
    }
  });
});

interface Entry {
  readonly checksum: string;
  readonly sizeBytes: number;
}

interface Golden {
  readonly refs: Record<string, string>;
  readonly branches: Record<string, string>;
  readonly tags: Record<string, string>;
  readonly commits: readonly {
    readonly id: string;
    readonly parents: readonly string[];
    readonly committer: string;
    readonly message: string;
    readonly meta_range_id: string;
    readonly metadata: Record<string, string>;
    readonly generation: number;
    readonly version: number;
  }[];
  readonly objects: Record<string, readonly (readonly [string, string, number])[]>;
}
