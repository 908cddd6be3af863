import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { DeleteBranch } from '../../src/commands/branch/delete-branch.js';
import { MergePull } from '../../src/commands/pull/merge-pull.js';
import { OpenPull } from '../../src/commands/pull/open-pull.js';
import type { BranchId, PullId } from '../../src/domain/model.js';
import { GetCommit } from '../../src/queries/get-commit.js';
import { GetPull } from '../../src/queries/get-pull.js';
import { onFailpoint } from '../../src/shared/failpoint.js';
import { lake, Lake, main } from './lake.js';

let at: Lake;
beforeAll(async () => {
  at = await Lake.open();
});
afterEach(() => onFailpoint(undefined));
afterAll(() => at.moraine.close());

const opens = (source: string) => {
  const wish = { title: source, description: '', source: source as BranchId, destination: main };
  return at.moraine.execute(new OpenPull(lake, wish, at.moraine.newRequest()));
};
const deletes = (branch: string) => {
  const request = at.moraine.newRequest();
  return at.moraine.execute(
    new DeleteBranch(lake, branch as BranchId, { isForced: false }, request),
  );
};
const merges = (id: PullId) => at.moraine.execute(new MergePull(lake, id, at.moraine.newRequest()));
const found = (id: PullId) => at.moraine.ask(new GetPull(lake, id));

describe('a pull request', () => {
  it('is told of a merge whose node died before it said so, and merges once', async () => {
    await at.branch('cut');
    await at.put('cut', 'd', 'four');
    await at.commit('cut');
    const id = await opens('cut');
    onFailpoint(async (name) => {
      if (name === 'intent.beforeAnswer') throw new Error('the node dies');
    });
    await expect(merges(id)).rejects.toThrow('the node dies');
    onFailpoint(undefined);
    expect(await found(id)).toMatchObject({ status: 'open', mergedCommitId: null });
    const merged = await at.moraine.ask(new GetCommit(lake, 'main'));
    expect(await merges(id)).toBe(merged.id);
    expect(await found(id)).toMatchObject({ status: 'merged', mergedCommitId: merged.id });
    expect((await at.moraine.ask(new GetCommit(lake, 'main'))).id).toBe(merged.id);
  });

  it('is told of such a merge though its source has gone since', async () => {
    await at.branch('short');
    await at.put('short', 's', 'six');
    await at.commit('short');
    const id = await opens('short');
    onFailpoint(async (name) => {
      if (name === 'intent.beforeAnswer') throw new Error('the node dies');
    });
    await expect(merges(id)).rejects.toThrow('the node dies');
    onFailpoint(undefined);
    await deletes('short');
    const merged = await at.moraine.ask(new GetCommit(lake, 'main'));
    expect(await merges(id)).toBe(merged.id);
    expect(await found(id)).toMatchObject({ status: 'merged', mergedCommitId: merged.id });
  });

  it('is merged though somebody who came to help has found its source gone', async () => {
    await at.branch('gone');
    await at.put('gone', 'g', 'seven');
    await at.commit('gone');
    const id = await opens('gone');
    let isFirst = true;
    onFailpoint(async (name) => {
      if (name !== 'merge.afterNamed' || !isFirst) return;
      isFirst = false;
      await deletes('gone');
      await expect(merges(id)).rejects.toThrow('not found');
    });
    const commitId = await merges(id);
    expect(await found(id)).toMatchObject({ status: 'merged', mergedCommitId: commitId });
  });

  it('is merged by who asks next when who asked first died before it could', async () => {
    await at.branch('early');
    await at.put('early', 'e', 'five');
    await at.commit('early');
    const id = await opens('early');
    onFailpoint(async (name) => {
      if (name === 'merge.afterNamed') throw new Error('the node dies');
    });
    await expect(merges(id)).rejects.toThrow('the node dies');
    onFailpoint(undefined);
    await at.put('main', 'dirty', 'now');
    await expect(merges(id)).rejects.toThrow('uncommitted changes');
    await at.commit('main');
    const commitId = await merges(id);
    expect(await found(id)).toMatchObject({ status: 'merged', mergedCommitId: commitId });
  });
});
