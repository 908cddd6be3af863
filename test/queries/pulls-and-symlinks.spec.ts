import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ChangePull } from '../../src/commands/pull/change-pull.js';
import { MergePull } from '../../src/commands/pull/merge-pull.js';
import { OpenPull } from '../../src/commands/pull/open-pull.js';
import { WriteSymlinks } from '../../src/commands/repository/write-symlinks.js';
import type { BranchId, PullId, StorageNamespace } from '../../src/domain/model.js';
import { GetCommit } from '../../src/queries/get-commit.js';
import { GetPull } from '../../src/queries/get-pull.js';
import { ListPulls } from '../../src/queries/list-pulls.js';
import { lake, Lake, main } from './lake.js';

let at: Lake;
beforeAll(async () => {
  at = await Lake.open();
  await at.put('main', 'a/1', 'one');
  await at.commit('main');
});
afterAll(() => at.moraine.close());

const opens = (source: string) => {
  const wish = {
    title: `of ${source}`,
    description: '',
    source: source as BranchId,
    destination: main,
  };
  return at.moraine.execute(new OpenPull(lake, wish, at.moraine.newRequest()));
};
const merges = (id: PullId) => at.moraine.execute(new MergePull(lake, id, at.moraine.newRequest()));
const closes = (id: PullId) => {
  const change = { title: undefined, description: undefined, status: 'closed' } as const;
  return at.moraine.execute(new ChangePull(lake, id, change, at.moraine.newRequest()));
};
const found = (id: PullId) => at.moraine.ask(new GetPull(lake, id));
const listed = async (status: 'all' | 'closed' | 'open') => {
  const page = { after: '', amount: 10 };
  const { items } = await at.moraine.ask(new ListPulls(lake, page, { prefix: '', status }));
  return items.map(({ title }) => title).sort();
};

describe('a pull request', () => {
  it('is merged as its branches are, and says what it came to', async () => {
    await at.branch('work');
    await at.put('work', 'b', 'two');
    await at.commit('work');
    const id = await opens('work');
    const commitId = await merges(id);
    expect(await found(id)).toMatchObject({ status: 'merged', mergedCommitId: commitId });
    const { message, metadata } = await at.moraine.ask(new GetCommit(lake, 'main'));
    expect(message).toBe("Merge 'work' into 'main'");
    expect(metadata).toEqual([['.lakefs.merge.strategy', 'default']]);
    await expect(merges(id)).rejects.toThrow('bad pull request status');
  });

  it('stays open when its merge is refused', async () => {
    await at.branch('other', 'main~1');
    await at.put('other', 'b', 'three');
    await at.commit('other');
    const id = await opens('other');
    await expect(merges(id)).rejects.toThrow('conflict');
    expect(await found(id)).toMatchObject({ status: 'open', mergedCommitId: null });
    expect(await listed('open')).toEqual(['of other']);
    await closes(id);
    expect(await listed('closed')).toEqual(['of other', 'of work']);
    expect(await listed('open')).toEqual([]);
    await expect(merges(id)).rejects.toThrow('bad pull request status');
  });

  it('is of two branches that are there', async () => {
    await expect(opens('main')).rejects.toThrow('are the same');
    await expect(opens('nobody')).rejects.toThrow('branch not found');
    await expect(found('4opgoshksdubvtpdqr7g' as PullId)).rejects.toThrow('not found');
  });
});

describe('symlinks', () => {
  it('name the objects of each folder, the ones that a branch shows now', async () => {
    await at.branch('links', 'main');
    for (const path of ['a/1', 'a/2', 'a/b/3', 'a/c', 'top']) await at.put('links', path, path);
    await at.remove('links', 'a/2');
    const links = new WriteSymlinks(lake, 'links' as BranchId, '');
    expect(await at.moraine.execute(links)).toBe('mem://lake/symlinks');
    const { blocks } = at.moraine.adapters;
    const namespace = 'mem://lake' as StorageNamespace;
    const lines = async (folder: string) => {
      const key = `symlinks/lake/links/${folder}symlink.txt`;
      const bytes = await blocks.getBytes({ namespace, key }, 10_000);
      return Buffer.from(bytes).toString('utf8').split('\n');
    };
    expect(await lines('')).toEqual(['s3://elsewhere/two', 's3://elsewhere/top']);
    // One file a folder, whatever other folders lie between its objects.
    expect(await lines('a/')).toEqual(['s3://elsewhere/a/1', 's3://elsewhere/a/c']);
    expect(await lines('a/b/')).toEqual(['s3://elsewhere/a/b/3']);
  });
});
