import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CreateTag } from '../../src/commands/tag/create-tag.js';
import { DeleteBranch } from '../../src/commands/branch/delete-branch.js';
import { MergeIntoBranch } from '../../src/commands/branch/merge-into-branch.js';
import type {
  BranchId,
  CommitId,
  CommitRecord,
  RepositoryUid,
  StagingToken,
  TagId,
} from '../../src/domain/model.js';
import { stagingToken } from '../../src/domain/staging/staging.stream.js';
import { MemoryKvStore } from '../../src/kv-adapter/memory-kv-store.js';
import { BranchesView } from '../../src/projections/branches.view.js';
import { CommitsView } from '../../src/projections/commits.view.js';
import { HeadsView } from '../../src/projections/heads.view.js';
import { put } from '../../src/projections/kv-codec.js';
import { partitions } from '../../src/projections/kv-keys.js';
import { RepositoriesView } from '../../src/projections/repositories.view.js';
import { scanRows, ROWS_PER_SCAN } from '../../src/projections/scan-rows.js';
import { stagedChanges } from '../../src/projections/staging.view.js';
import { TagsView } from '../../src/projections/tags.view.js';
import { breadthFirst, newestFirst } from '../../src/queries/ancestors.js';
import { GetCommit } from '../../src/queries/get-commit.js';
import { commitsById, leafCommits } from '../../src/queries/leaf-commits.js';
import { afterPrefix, fromUtf8, utf8 } from '../../src/shared/bytes.js';
import { everyPage, lake, Lake, main } from './lake.js';

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

let at: Lake;
let uid: RepositoryUid;
const kv = () => at.moraine.adapters.kv;
const messages = (commits: readonly CommitRecord[]) => commits.map(({ message }) => message);

/** root ← a ← b (main), a ← c (side), merged into main as m; d is on a branch of its own. */
beforeAll(async () => {
  at = await Lake.open();
  uid = (await new RepositoriesView(kv()).get(lake)).uid;
  await at.put('main', 'x', '1');
  await at.commit('main', 'a', 1_000_000);
  await at.branch('side');
  await at.branch('own');
  await at.put('main', 'y', '2');
  await at.commit('main', 'b', 2_000_000);
  await at.put('side', 'z', '3');
  await at.commit('side', 'c', 3_000_000);
  await at.put('own', 'w', '4');
  await at.commit('own', 'd', 4_000_000);
  const wish = {
    sourceRef: 'side',
    message: 'm',
    metadata: [],
    strategy: 'default',
    isSquash: false,
    allowsEmpty: false,
    isForced: false,
  } as const;
  const { moraine } = at;
  await moraine.execute(new MergeIntoBranch(lake, main, wish, moraine.newRequest()));
  for (const [tag, ref] of [
    ['v2', 'main'],
    ['v1', 'side'],
  ]) {
    const named = { tag: tag as TagId, ref: ref ?? '', isForced: false };
    await moraine.execute(new CreateTag(lake, named, moraine.newRequest()));
  }
});
afterAll(() => at.moraine.close());

const commit = (ref: string) => at.moraine.ask(new GetCommit(lake, ref));
const commitsView = () => new CommitsView(kv(), { cachedCommits: 100 });

describe('branches', () => {
  it('are read in the order of their names, a page at a time', async () => {
    const view = new BranchesView(kv());
    const filter = { prefix: '', showsHidden: true };
    const names = await everyPage(2, (page) => view.list(uid, page, filter));
    expect(names.map(({ name }) => name)).toEqual(['main', 'own', 'side']);
  });

  it('are read in the order of the commits that they stand at', async () => {
    const found = await all(new HeadsView(kv()).all(uid));
    const heads = await Promise.all(
      ['main', 'own', 'side'].map(async (ref) => [ref, (await commit(ref)).id]),
    );
    const wanted = heads.sort(([, left = ''], [, right = '']) => (left < right ? -1 : 1));
    expect(found.map(({ branch, commitId }) => [branch, commitId])).toEqual(wanted);
  });

  it('are found by one commit: those that stand there now, and no others', async () => {
    const { id } = await commit('side');
    await at.branch('twin', 'side');
    const heads = new HeadsView(kv());
    const names = async (of: CommitId) =>
      (await all(heads.at(uid, of))).map(({ branch }) => branch);
    expect(await names(id)).toEqual(['side', 'twin']);
    const request = at.moraine.newRequest();
    await at.moraine.execute(
      new DeleteBranch(lake, 'twin' as BranchId, { isForced: false }, request),
    );
    expect(await names(id)).toEqual(['side']);
    expect(await names((await commit('main~1')).id)).toEqual([]);
  });

  it('that an older program deleted are not found by what it left behind', async () => {
    const { id } = await commit('side');
    const store = new MemoryKvStore();
    store.apply([put(partitions.heads(uid), utf8(`${id}/gone`), { branch: 'gone' })]);
    expect(await all(new HeadsView(store).all(uid))).toEqual([]);
  });
});

describe('commits', () => {
  it('are walked breadth first: all parents of one generation before theirs', async () => {
    const walked = await all(breadthFirst(commitsView(), uid, await commit('main')));
    expect(messages(walked)).toEqual(['m', 'b', 'c', 'a', 'Repository created']);
  });

  it('are walked newest first, along first parents alone if that is asked for', async () => {
    const head = await commit('main');
    const every = { isFirstParentOnly: false };
    const walked = await all(newestFirst(commitsView(), uid, head, every));
    const dates = walked.map(({ createdAtMs }) => createdAtMs);
    // The first commit of all is by the clock, and younger than what was given a date.
    expect(messages(walked)).toEqual(['m', 'c', 'b', 'a', 'Repository created']);
    expect(dates.slice(0, 4)).toEqual(dates.slice(0, 4).toSorted((left, right) => right - left));
    const firsts = await all(newestFirst(commitsView(), uid, head, { isFirstParentOnly: true }));
    expect(messages(firsts)).not.toContain('c');
  });

  it('are read in the order of their ids', async () => {
    const ids = (await all(commitsById(kv(), uid))).map(({ id }) => id);
    expect(ids).toHaveLength(6);
    expect(ids).toEqual([...ids].sort());
  });

  it('that are nobody’s first parent are the ends of lines', async () => {
    const leaves = await all(leafCommits(kv(), uid));
    expect(messages(leaves).sort()).toEqual(['c', 'd', 'm']);
    const ids = leaves.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort());
  });
});

describe('repositories and tags', () => {
  it('are read in the order of their names', async () => {
    const filter = { prefix: '', search: '' };
    const view = new RepositoriesView(kv());
    const names = await everyPage(1, (page) => view.list(page, filter));
    expect(names.map(({ name }) => name)).toEqual(['lake']);
    const tags = await everyPage(1, (page) => new TagsView(kv()).list(uid, page, { prefix: '' }));
    expect(tags.map(({ name }) => name)).toEqual(['v1', 'v2']);
  });
});

describe('what a token says', () => {
  const token = (name: string): StagingToken =>
    stagingToken({ uid: name as RepositoryUid, branch: main, life: 0, ordinal: 0 });
  const staged = (name: string, ...paths: string[]) => [
    put(partitions.tokens, utf8(token(name)), { openedAtMs: 1 }),
    ...paths.map((path) => put(partitions.staging(token(name)), utf8(path), null)),
  ];
  const pathsOf = async (store: MemoryKvStore, name: string) =>
    (await all(stagedChanges(store, [token(name)]))).flatMap((batch) =>
      Array.from(batch, ({ path }) => path),
    );

  it('is read in the order of paths, and of that token alone', async () => {
    const store = new MemoryKvStore();
    store.apply([...staged('one', 'b', 'a/1', 'a'), ...staged('two', 'c')]);
    expect(await pathsOf(store, 'one')).toEqual(['a', 'a/1', 'b']);
  });

  it('is dropped whole, or what begins with a prefix', async () => {
    const store = new MemoryKvStore();
    store.apply([...staged('one', 'a', 'a/1', 'a/2', 'b'), ...staged('two', 'a/1')]);
    const partition = partitions.staging(token('one'));
    const from = utf8('a/');
    const until = afterPrefix(from);
    if (!until) throw new Error('there are keys behind it');
    store.apply([{ kind: 'drop', partition, from, until }]);
    expect(await pathsOf(store, 'one')).toEqual(['a', 'b']);
    store.apply([{ kind: 'drop', partition }]);
    expect(await pathsOf(store, 'one')).toEqual([]);
    expect(await pathsOf(store, 'two')).toEqual(['a/1']);
  });
});

describe('a partition', () => {
  it('is read to its end, however many pages that takes', async () => {
    const store = new MemoryKvStore();
    const keys = Array.from({ length: 2 * ROWS_PER_SCAN }, (_, index) => `${10_000 + index}`);
    store.apply(keys.map((key) => put('notes/a', utf8(key), 1)));
    const found = await all(scanRows(store, 'notes/a'));
    expect(found.map(({ key }) => fromUtf8(key))).toEqual(keys);
  });
});
