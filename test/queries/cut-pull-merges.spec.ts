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

/** Opens a pull request of a branch that is made for it, with one object more than main. */
const opens = async (source: string, path: string, text: string) => {
  await at.branch(source);
  await at.put(source, path, text);
  await at.commit(source);
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
async function diesMerging(id: PullId, failpoint: string): Promise<void> {
  onFailpoint(async (name) => {
    if (name === failpoint) throw new Error('the node dies');
  });
  await expect(merges(id)).rejects.toThrow('the node dies');
  onFailpoint(undefined);
}
const found = (id: PullId) => at.moraine.ask(new GetPull(lake, id));

describe('a pull request', () => {
  it('is told of a merge whose node died before it said so, and merges once', async () => {
    const id = await opens('cut', 'd', 'four');
    await diesMerging(id, 'intent.beforeAnswer');
    expect(await found(id)).toMatchObject({ status: 'open', mergedCommitId: null });
    const merged = await at.moraine.ask(new GetCommit(lake, 'main'));
    expect(await merges(id)).toBe(merged.id);
    expect(await found(id)).toMatchObject({ status: 'merged', mergedCommitId: merged.id });
    expect((await at.moraine.ask(new GetCommit(lake, 'main'))).id).toBe(merged.id);
  });

  it('is told of such a merge though its source has gone since', async () => {
    const id = await opens('short', 's', 'six');
    await diesMerging(id, 'intent.beforeAnswer');
    await deletes('short');
    const merged = await at.moraine.ask(new GetCommit(lake, 'main'));
    expect(await merges(id)).toBe(merged.id);
    expect(await found(id)).toMatchObject({ status: 'merged', mergedCommitId: merged.id });
  });

  it('is merged though somebody who came to help has found its source gone', async () => {
    const id = await opens('gone', 'g', 'seven');
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
    const id = await opens('early', 'e', 'five');
    await diesMerging(id, 'merge.afterNamed');
    await at.put('main', 'dirty', 'now');
    await expect(merges(id)).rejects.toThrow('uncommitted changes');
    await at.commit('main');
    const commitId = await merges(id);
    expect(await found(id)).toMatchObject({ status: 'merged', mergedCommitId: commitId });
  });
});
