import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { branchCalls } from './branch-calls.js';
import { json } from './running-edge.js';
import { type WholeApp, wholeApp } from './whole-app.js';

const LAKE = '/api/v1/repositories/lake';
const READ_ONLY = '/api/v1/repositories/read-only';
let app: WholeApp;
const { commits, ask, statusOf, post, merge, revert, pick, reset, hardReset, ...more } =
  branchCalls(LAKE, () => app);
const { branch, put, commit, head, paths } = more;

beforeAll(async () => {
  app = await wholeApp();
  for (const [name, read_only] of [
    ['lake', false],
    ['read-only', true],
  ] as const) {
    const body = { name, storage_namespace: `local://${name}`, read_only };
    expect(await post('/api/v1/repositories', body)).toMatchObject([201, {}]);
  }
  await put('main', 'a', '1');
  await commit('main', 'one');
  for (const name of ['left', 'right', 'apart', 'revert', 'pick']) await branch(name, 'main');
  await put('left', 'a', 'left');
  await put('left', 'l', 'left');
  await commit('left', 'of left', { k: 'v' });
  await put('right', 'a', 'right');
  await commit('right', 'of right');
  await put('apart', 'p', 'apart');
  await commit('apart', 'of apart');
  await put('dirty', 'x', 'staged', 'main');
}, 60_000);
afterAll(() => app.close());

describe('a merge', () => {
  it('is refused as lakeFS refuses it', async () => {
    const refused = async (answer: Promise<unknown>, ...wanted: [number, string]) => {
      const [status, message] = wanted;
      expect(await answer).toEqual([status, { message }]);
    };
    await refused(merge('main', 'main'), 400, 'update branch main: no changes');
    await refused(
      merge('nope', 'main'),
      404,
      'update branch main: get commit by ref nope: not found',
    );
    await refused(merge('left', 'nope'), 404, 'branch not found');
    await refused(merge('nope', 'nope'), 404, 'branch not found');
    await refused(
      merge('left^7', 'main'),
      400,
      'update branch main: get commit by ref left^7: ref: invalid value: validation error',
    );
    await refused(
      merge('left$', 'main'),
      400,
      "update branch main: get commit by ref left$: reference 'left$': " +
        'reference to staging area with $ is not a commit',
    );
    await refused(merge('left', 'dirty'), 400, 'uncommitted changes (dirty branch)');
    const unknown = "strategy: 'mine' is neither source-wins nor dest-wins";
    await refused(merge('left', 'main', { strategy: 'mine' }), 400, unknown);
    const elsewhere = '/api/v1/repositories/nope/refs/a/merge/b';
    await refused(post(elsewhere, {}), 404, 'repository not found');
  });

  it('names the paths in conflict, and the commit that there is not', async () => {
    await branch('conflict', 'right');
    expect(await merge('left', 'conflict')).toEqual([
      409,
      { message: 'update branch conflict: conflict found\n  a', reference: '', conflicts: ['a'] },
    ]);
    expect((await head('conflict'))['id']).toBe(commits['of right']);
  });

  it('says what was merged into what, and by which strategy', async () => {
    for (const [strategy, content] of [
      ['source-wins', 'left'],
      ['dest-wins', 'right'],
    ] as const) {
      await branch(strategy, 'right');
      const [status, { reference }] = (await merge('left', strategy, { strategy })) as [
        number,
        { reference: string },
      ];
      expect(status).toBe(200);
      expect(await head(strategy)).toMatchObject({
        id: reference,
        message: `Merge 'left' into '${strategy}'`,
        metadata: { '.lakefs.merge.strategy': strategy },
        parents: [commits['of right'], commits['of left']],
        generation: 4,
      });
      const object = await app.call(`${LAKE}/refs/${strategy}/objects?path=a`);
      expect(await object.text()).toBe(content);
      expect(await paths(strategy)).toEqual(['a', 'l']);
    }
  });

  it('can be squashed, have words of its own, and be empty when that is wanted', async () => {
    await branch('squash', 'apart');
    const words = { message: 'all of it', metadata: { '.lakefs.merge.strategy': 'x', q: '1' } };
    expect(await statusOf(merge('left', 'squash', { ...words, squash_merge: true }))).toBe(200);
    expect(await head('squash')).toMatchObject({
      message: 'all of it',
      metadata: { '.lakefs.merge.strategy': 'default', q: '1' },
      parents: [commits['of apart']],
    });
    for (const wanted of [{ allow_empty: true }, { force: true }]) {
      expect(await statusOf(merge('main', 'squash', wanted))).toBe(200);
    }
  });

  it('has a base, told from the source and the destination that were named', async () => {
    expect(await ask(`${LAKE}/refs/left/merge/apart`)).toEqual([
      200,
      {
        source_commit_id: commits['of left'],
        destination_commit_id: commits['of apart'],
        base_commit_id: commits['one'],
      },
    ]);
    expect(await ask(`${LAKE}/refs/nope/merge/main`)).toEqual([
      404,
      { message: 'get commit by branch nope: not found' },
    ]);
    expect(await ask(`${LAKE}/refs/main/merge/nope`)).toEqual([
      404,
      { message: 'get commit by ref nope: not found' },
    ]);
  });
});

describe('a revert', () => {
  it('takes back one commit, and says which', async () => {
    await put('revert', 'r', '1');
    await commit('revert', 'of revert');
    const ref = commits['of revert'];
    expect(await revert('revert', { ref, parent_number: 0 })).toEqual([204]);
    expect(await head('revert')).toMatchObject({ message: `Revert ${ref}`, metadata: {} });
    expect(await paths('revert')).toEqual(['a']);
    const again = { ref, parent_number: 0 };
    expect(await revert('revert', again)).toEqual([400, { message: 'update branch: no changes' }]);
    const words = { message: 'mine', metadata: { m: '1' } };
    const empty = { ...again, allow_empty: true, commit_overrides: words };
    expect(await statusOf(revert('revert', empty))).toBe(204);
    expect(await head('revert')).toMatchObject(words);
  });

  it('of a merge needs to know against which parent', async () => {
    await branch('merged', 'apart');
    await merge('left', 'merged');
    const of = (parent_number: number) => revert('merged', { ref: 'merged', parent_number });
    expect(await of(0)).toEqual([
      409,
      { message: 'must specify 1-based parent number for reverting merge commit' },
    ]);
    expect(await of(3)).toEqual([
      400,
      { message: 'given commit does not have the given parent number: parent 3' },
    ]);
    expect(await statusOf(of(1))).toBe(204);
    expect(await paths('merged')).toEqual(['a', 'p']);
  });

  it('of what was changed since is a conflict', async () => {
    await branch('since', 'left');
    await put('since', 'l', 'since');
    await commit('since', 'since');
    expect(await revert('since', { ref: commits['of left'], parent_number: 1 })).toEqual([
      409,
      { message: 'update branch: conflict found', conflicts: ['l'] },
    ]);
  });
});

describe('a cherry-pick', () => {
  it('brings one commit, with its words, and says whose it was', async () => {
    const [status, made] = await pick('pick', { ref: commits['of left'] });
    expect([status, made]).toMatchObject([
      201,
      {
        message: 'of left',
        metadata: {
          k: 'v',
          'cherry-pick-origin': commits['of left'],
          'cherry-pick-committer': 'admin',
        },
        parents: [commits['one']],
      },
    ]);
    const [, again] = await pick('pick', {
      ref: 'apart',
      commit_overrides: { message: 'mine', metadata: { 'cherry-pick-origin': 'x' } },
    });
    expect(again).toMatchObject({
      message: 'mine',
      metadata: { 'cherry-pick-origin': commits['of apart'] },
    });
    // The commit that was picked is as it was.
    expect(await head(commits['of left'] ?? '')).toMatchObject({ metadata: { k: 'v' } });
  });

  it('is refused as lakeFS refuses it', async () => {
    expect(await pick('pick', { ref: 'source-wins' })).toEqual([
      400,
      { message: 'must specify 1-based parent number for cherry-picking merge commit' },
    ]);
    expect(await pick('pick', { ref: 'right' })).toEqual([
      409,
      { message: 'update branch: conflict found', conflicts: ['a'] },
    ]);
    expect(await pick('nope', { ref: 'right' })).toEqual([404, { message: 'branch not found' }]);
    expect(await pick('pick', { ref: 'nope' })).toEqual([
      404,
      { message: 'get commit from ref nope: not found' },
    ]);
    expect(await statusOf(pick('pick', { ref: 'right', parent_number: 0 }))).toBe(400);
  });
});

describe('a reset', () => {
  it('throws away one object, all under a prefix, or all that is staged', async () => {
    await branch('reset', 'left');
    for (const path of ['l', 'p/1', 'p/2', 'q', 'r']) await put('reset', path, 'staged');
    const staged = async () => {
      const [, page] = await ask(`${LAKE}/branches/reset/diff`);
      return (page as { results: { path: string }[] }).results.map(({ path }) => path);
    };
    expect(await reset('reset', { type: 'object', path: 'p/1' })).toEqual([204]);
    expect(await staged()).toEqual(['l', 'p/2', 'q', 'r']);
    expect(await statusOf(reset('reset', { type: 'common_prefix', path: 'p/' }))).toBe(204);
    expect(await staged()).toEqual(['l', 'q', 'r']);
    expect(await statusOf(reset('reset', { type: 'object', path: 'never' }))).toBe(204);
    expect(await statusOf(reset('reset', { type: 'reset' }))).toBe(204);
    expect(await staged()).toEqual([]);
    expect(await paths('reset')).toEqual(['a', 'l']);
  });

  it('is refused for what it cannot mean', async () => {
    expect(await reset('nope', { type: 'reset' })).toEqual([404, { message: 'branch not found' }]);
    for (const body of [{}, { type: 'some' }, { type: 'object' }, { type: 'object', path: '' }]) {
      expect(await statusOf(reset('main', body))).toBe(400);
    }
  });
});

describe('a hard reset', () => {
  it('puts the head where a ref points', async () => {
    await branch('hard', 'left');
    expect(await hardReset('hard', 'ref=hard~1')).toEqual([204]);
    expect((await head('hard'))['id']).toBe(commits['one']);
    expect(await statusOf(hardReset('hard', 'ref=left'))).toBe(204);
    expect((await head('hard'))['id']).toBe(commits['of left']);
  });

  it('is refused as lakeFS refuses it', async () => {
    expect(await hardReset('hard', 'ref=nope')).toEqual([
      404,
      { message: 'hard-reset hard to nope: not found' },
    ]);
    expect(await statusOf(hardReset('hard', 'ref=hard~99'))).toBe(404);
    expect(await hardReset('hard', 'ref=hard%5E9')).toEqual([
      400,
      { message: 'hard-reset hard to hard^9: ref: invalid value: validation error' },
    ]);
    expect(await statusOf(hardReset('hard', ''))).toBe(400);
    expect(await hardReset('nope', 'ref=main')).toEqual([404, { message: 'branch not found' }]);
  });
});

describe('a commit record', () => {
  it('is taken when its id is that of what it says, and once', async () => {
    await post('/api/v1/repositories', { name: 'copy', storage_namespace: 'local://copy' });
    const made = await head('source-wins');
    const record = {
      commit_id: made['id'],
      version: 1,
      committer: made['committer'],
      message: made['message'],
      metarange_id: made['meta_range_id'],
      creation_date: made['creation_date'],
      parents: made['parents'],
      metadata: made['metadata'],
      generation: made['generation'],
    };
    const to = '/api/v1/repositories/copy/commits';
    expect(await post(to, { ...record, message: 'another' })).toEqual([
      400,
      { message: 'commit id: invalid value: validation error' },
    ]);
    expect(await post(to, record)).toEqual([204]);
    expect(await ask(`${to}/${String(made['id'])}`)).toEqual([200, made]);
    expect(await post(to, record)).toEqual([409, { message: 'commit already exists: not unique' }]);
    expect(await statusOf(post(`${LAKE}/commits`, record))).toBe(409);
  });
});

describe('a read-only repository', () => {
  it.each([
    ['POST', '/refs/main/merge/main', {}],
    ['POST', '/branches/main/revert', { ref: 'main', parent_number: 0 }],
    ['POST', '/branches/main/cherry-pick', { ref: 'main' }],
    ['PUT', '/branches/main', { type: 'reset' }],
    ['PUT', '/branches/main', { type: 'object', path: 'a' }],
    ['PUT', '/branches/main/hard_reset?ref=main', {}],
  ])('refuses %s %s, unless it is forced', async (method, path, body) => {
    expect(await ask(READ_ONLY + path, json(body, method))).toEqual([
      403,
      { message: 'read-only repository' },
    ]);
    const forced = path.includes('?') ? `${path}&force=true` : path;
    const [status] = await ask(READ_ONLY + forced, json({ ...body, force: true }, method));
    expect(status).not.toBe(403);
  });
});
