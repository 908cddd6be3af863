import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { commitIdOf } from '../../src/domain/commit/commit-id.js';
import type { CommitId, CommitRecord, MetaRangeId } from '../../src/domain/model.js';
import { assert } from '../../src/shared/assert.js';
import { branchCalls } from './branch-calls.js';
import { type WholeApp, wholeApp } from './whole-app.js';

const LAKE = '/api/v1/repositories/lake';
let app: WholeApp;
const { commits, ask, statusOf, post, merge, revert, pick, reset, hardReset, ...more } =
  branchCalls(LAKE, () => app);
const { branch, put, commit, head, paths } = more;

beforeAll(async () => {
  app = await wholeApp();
  const wish = { name: 'lake', storage_namespace: 'local://lake' };
  expect(await post('/api/v1/repositories', wish)).toMatchObject([201, {}]);
  await put('main', 'a', '1');
  await commit('main', 'one');
  for (const name of ['left', 'right']) {
    await put(name, name, name, 'main');
    await commit(name, `of ${name}`);
  }
}, 60_000);
afterAll(() => app.close());

describe('a commit of a tree that was written before', () => {
  const commitTree = (on: string, tree: unknown, body: object = {}) =>
    post(`${LAKE}/branches/${on}/commits?source_metarange=${String(tree)}`, {
      message: 'of a tree',
      ...body,
    });

  it('is of that tree, and on the head', async () => {
    await branch('of-tree', 'left');
    const { meta_range_id: tree } = await head('right');
    const before = await head('of-tree');
    const [status, made] = await commitTree('of-tree', tree, { metadata: { k: 'v' } });
    expect([status, made]).toMatchObject([
      201,
      { meta_range_id: tree, parents: [before['id']], metadata: { k: 'v' }, message: 'of a tree' },
    ]);
    expect(await paths('of-tree')).toEqual(await paths('right'));
    expect(await head('of-tree')).toEqual(made);
    // As lakeFS has it, of the tree that the head has already too.
    expect(await commitTree('of-tree', tree)).toMatchObject([201, { meta_range_id: tree }]);
  });

  it('is refused over what is staged, which stays, and of a tree that is not there', async () => {
    await put('staged-tree', 's', 'staged', 'left');
    const { meta_range_id: tree } = await head('right');
    const dirty = [400, { message: 'uncommitted changes (dirty branch)' }];
    expect(await commitTree('staged-tree', tree)).toEqual(dirty);
    expect(await statusOf(ask(`${LAKE}/refs/staged-tree/objects?path=s`))).toBe(200);
    await reset('staged-tree', { type: 'reset' });
    const noData = [410, { message: 'No data' }];
    expect(await commitTree('staged-tree', 'e'.repeat(64))).toEqual(noData);
    expect(await commitTree('staged-tree', await rangeOf(await head('left')))).toEqual(noData);
    await put('staged-tree', 's', 'staged');
    await commit('staged-tree', 'behind it');
  });
});

describe('a commit that was brought in as data', () => {
  /** Brings one in, and returns its id. */
  async function bringIn(given: Partial<Omit<CommitRecord, 'id'>>): Promise<string> {
    const made = {
      committer: 'x',
      message: 'from elsewhere',
      metaRangeId: '' as MetaRangeId,
      createdAtMs: 1_000,
      parents: [],
      metadata: [],
      generation: 1,
      version: 1,
      ...given,
    };
    const record = {
      commit_id: commitIdOf(made),
      version: made.version,
      committer: made.committer,
      message: made.message,
      metarange_id: made.metaRangeId,
      creation_date: made.createdAtMs / 1000,
      parents: made.parents,
      generation: made.generation,
    };
    expect(await statusOf(post(`${LAKE}/commits`, record))).toBe(204);
    return record.commit_id;
  }

  it('may have nothing in common with a branch', async () => {
    const stranger = await bringIn({});
    const refusal = [400, { message: 'no merge base' }];
    expect(await merge(stranger, 'main')).toEqual(refusal);
    expect(await ask(`${LAKE}/refs/${stranger}/merge/main`)).toEqual(refusal);
  });

  it('may name a tree that never was, and stands in nobody’s way then', async () => {
    await branch('ghost', 'left');
    const ghost = await bringIn({
      metaRangeId: 'f'.repeat(64) as MetaRangeId,
      parents: [commits['one'] as CommitId],
      generation: 3,
    });
    expect(await merge(ghost, 'ghost')).toEqual([410, { message: 'No data' }]);
    expect(await statusOf(pick('ghost', { ref: ghost }))).toBe(410);
    await put('ghost', 'g', 'after');
    await commit('ghost', 'after');
  });

  it('may lack a parent, and stands in nobody’s way then', async () => {
    await branch('orphan', 'left');
    const missing = '0'.repeat(64) as CommitId;
    const { meta_range_id: tree } = await head('left');
    const metaRangeId = tree as MetaRangeId;
    const orphan = await bringIn({ metaRangeId, parents: [missing], generation: 3 });
    const noParent = [404, { message: `get commit from ref ${missing}: not found` }];
    expect(await revert('orphan', { ref: orphan, parent_number: 1 })).toEqual(noParent);
    expect(await pick('orphan', { ref: orphan })).toEqual(noParent);
    const noCommit = [404, { message: 'commit not found' }];
    for (const query of ['', '?objects=a', '?first_parent=true']) {
      expect(await ask(`${LAKE}/refs/${orphan}/commits${query}`)).toEqual(noCommit);
    }
    await put('orphan', 'o', 'after');
    await commit('orphan', 'after the orphan');
  });

  it.each([
    ['never was', async () => 'f'.repeat(64)],
    ['is no tree', async () => rangeOf(await head('left'))],
  ])('may name a tree that %s: whose head it becomes can go back', async (what, nameTree) => {
    const name = what.replaceAll(' ', '-');
    await branch(name, 'main');
    const broken = await bringIn({
      message: what,
      metaRangeId: (await nameTree()) as MetaRangeId,
      parents: [commits['one'] as CommitId],
      generation: 3,
    });
    expect(await hardReset(name, `ref=${broken}`)).toEqual([204]);
    await put(name, 'g', 'after');
    const noData = [410, { message: 'No data' }];
    for (const message of ['asked', 'asked again']) {
      expect(await post(`${LAKE}/branches/${name}/commits`, { message })).toEqual(noData);
    }
    expect(await statusOf(merge('left', name))).toBe(410);
    // What is staged is still there, and in the way as it is on any branch.
    expect(await statusOf(ask(`${LAKE}/refs/${name}/objects?path=g`))).toBe(200);
    expect(await reset(name, { type: 'reset' })).toEqual([204]);
    expect(await hardReset(name, 'ref=main')).toEqual([204]);
    await put(name, 'g', 'after');
    await commit(name, 'after');
  });
});

/** Returns the id of a range of a commit's tree: a file beside the tree, and none itself. */
async function rangeOf(made: Record<string, unknown>): Promise<string> {
  const tree = `/metadata/object/meta_range/${String(made['meta_range_id'])}`;
  const file = Buffer.from(await (await app.call(LAKE + tree)).arrayBuffer()).toString('latin1');
  const [range] = /[\da-f]{64}/.exec(file) ?? [];
  assert(range, 'a tree names its ranges');
  return range;
}
