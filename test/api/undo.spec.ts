import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type WholeApp, wholeApp } from './whole-app.js';

const LAKE = '/repositories/lake';
const MAIN = `${LAKE}/branches/main`;
let app: WholeApp;
/** May be imported from. */
let intake: string;

beforeAll(async () => {
  intake = await realpath(await mkdtemp(join(tmpdir(), 'moraine-intake-')));
  for (const name of ['a', 'b']) await writeFile(join(intake, name), name);
  app = await wholeApp({ importEnabled: true, importFolders: intake });
  const lake = { name: 'lake', storage_namespace: 'local://lake' };
  await done('POST', '/repositories', lake);
}, 30_000);
afterAll(async () => {
  await app.close();
  await rm(intake, { recursive: true, force: true });
});

interface Body {
  readonly message?: string;
  readonly id?: string;
  readonly commit_id?: string;
  readonly completed?: boolean;
  readonly results?: readonly { path: string; id: string; revision: number }[];
}

async function ask(method: string, path: string, json?: unknown, headers = {}) {
  const answer = await app.call(`/api/v1${path}`, {
    method,
    headers: { ...headers, ...(json !== undefined && { 'content-type': 'application/json' }) },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true;
  const body = (isJson ? JSON.parse(text) : {}) as Body;
  return { status: answer.status, body, headers: answer.headers };
}

async function done(...asked: Parameters<typeof ask>) {
  const { status, body } = await ask(...asked);
  expect([asked[0], asked[1], status < 300 ? 'done' : body]).toEqual([asked[0], asked[1], 'done']);
  return body;
}

async function put(on: string, path: string): Promise<void> {
  const url = `/api/v1${LAKE}/branches/${on}/objects?path=${path}`;
  expect((await app.call(url, { method: 'POST', body: path })).status).toBe(201);
}

const commit = (on: string) =>
  done('POST', `${LAKE}/branches/${on}/commits`, { message: 'm' }).then(({ id }) => id);
const undo = (on: string, wish: object = {}, headers = {}) =>
  ask('POST', `/moraine${LAKE}/branches/${on}/undo`, wish, headers);
const paths = async (of: string) => {
  const { results } = await done('GET', of);
  return results?.map(({ path }) => path);
};
const listed = (ref: string) => paths(`${LAKE}/refs/${ref}/objects/ls`);
const uncommitted = (on: string) => paths(`${LAKE}/branches/${on}/diff`);
const head = async (name: string) => (await done('GET', `${LAKE}/branches/${name}`)).commit_id;

async function branch(name: string): Promise<string> {
  await done('POST', `${LAKE}/branches`, { name, source: 'main' });
  return name;
}

describe('an undo', () => {
  it('of a commit stages again what it held, and says so; of that, it commits', async () => {
    const work = await branch('commits');
    const from = await head(work);
    await put(work, 'a');
    const made = await commit(work);
    await put(work, 'b');
    const undone = await undo(work);
    expect(undone).toMatchObject({
      status: 200,
      body: {
        undone: { operation: 'commit', is_redo: false, revision: expect.any(Number) },
        from: made,
        commit_id: from,
        restored: 1,
      },
    });
    expect([await head(work), await uncommitted(work)]).toEqual([from, ['a', 'b']]);
    expect((await undo(work)).body).toMatchObject({
      undone: { operation: 'commit', is_redo: true },
      commit_id: made,
    });
    expect([await head(work), await uncommitted(work)]).toEqual([made, ['b']]);
  });

  it('of a merge, a revert, a hard reset puts the head back; what came since stays', async () => {
    const work = await branch('merged');
    const other = await branch('other');
    await put(other, 'theirs');
    await commit(other);
    const before = await head(work);
    await done('POST', `${LAKE}/refs/${other}/merge/${work}`, {});
    await put(work, 'since');
    expect((await undo(work)).body).toMatchObject({
      undone: { operation: 'merge' },
      commit_id: before,
    });
    expect(await listed(work)).toEqual(['since']);
    const made = await commit(work);
    const revert = { ref: work, parent_number: 0 };
    await done('POST', `${LAKE}/branches/${work}/revert`, revert);
    expect(await listed(work)).toEqual([]);
    expect((await undo(work)).body).toMatchObject({ undone: { operation: 'revert' } });
    await done('PUT', `${LAKE}/branches/${work}/hard_reset?ref=${before}`);
    expect((await undo(work)).body).toMatchObject({
      undone: { operation: 'hard-reset' },
      commit_id: made,
    });
    expect(await listed(work)).toEqual(['since']);
  });

  it('of an import takes away what it brought, and gives back what it replaced', async () => {
    const work = await branch('imports');
    await put(work, 'in/old');
    await commit(work);
    const url = `${LAKE}/branches/${work}/import`;
    const source = { type: 'common_prefix', path: `local://${intake}/`, destination: 'in/' };
    const { id } = await done('POST', url, { paths: [source], commit: { message: 'import' } });
    while ((await done('GET', `${url}?id=${id}`)).completed !== true) await delay(10);
    expect(await listed(work)).toEqual(['in/a', 'in/b']);
    const { body } = await undo(work);
    expect(body).toMatchObject({ undone: { operation: 'import' }, restored: 0 });
    expect(await listed(work)).toEqual(['in/old']);
    await undo(work);
    expect(await listed(work)).toEqual(['in/a', 'in/b']);
  });

  it('of a reset brings back what it threw away, below what was written since', async () => {
    const work = await branch('resets');
    await put(work, 'x');
    await put(work, 'y');
    await done('PUT', `${LAKE}/branches/${work}`, { type: 'reset' });
    await put(work, 'z');
    expect((await undo(work)).body).toMatchObject({ undone: { operation: 'reset' }, restored: 2 });
    expect(await uncommitted(work)).toEqual(['x', 'y', 'z']);
  });

  it('of what is not the newest is refused, and names what is', async () => {
    const work = await branch('moved');
    expect(await undo(work)).toMatchObject({
      status: 409,
      body: { message: 'nothing to undo on this branch' },
    });
    await put(work, 'a');
    const first = await commit(work);
    const { results } = await done('GET', `/moraine${LAKE}/branches/${work}/reflog`);
    const revision = results?.[0]?.revision;
    await put(work, 'b');
    const second = await commit(work);
    for (const wish of [{ revision }, { commit_id: first }]) {
      const { status, body } = await undo(work, wish);
      expect([status, body.message]).toEqual([
        409,
        expect.stringMatching(
          `^branch has moved since: it stands at ${String(second)}, ` +
            'and its newest operation is commit at revision \\d+$',
        ),
      ]);
    }
    expect((await undo(work, { commit_id: second })).status).toBe(200);
    expect((await undo(work, { revision: 10_000 })).status).toBe(409);
    expect((await undo(work, { commit_id: 'no commit' })).status).toBe(400);
    expect((await undo('nobody')).status).toBe(404);
  });

  it('happens once under a key', async () => {
    const work = await branch('keyed');
    await put(work, 'a');
    await commit(work);
    const key = { 'idempotency-key': 'undo' };
    const [first, again] = [await undo(work, {}, key), await undo(work, {}, key)];
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(await uncommitted(work)).toEqual(['a']);
  });

  it('is forbidden where a hard reset is, and of a reset where a write is', async () => {
    const work = await branch('protected');
    await put(work, 'a');
    await commit(work);
    const rules = `${LAKE}/settings/branch_protection`;
    await done('PUT', rules, [{ pattern: work, blocked_actions: ['commit'] }]);
    expect(await undo(work)).toMatchObject({ status: 403, body: { message: 'protected branch' } });
    await done('PUT', rules, []);
    await put(work, 'b');
    await done('PUT', `${LAKE}/branches/${work}`, { type: 'reset' });
    await done('PUT', rules, [{ pattern: work, blocked_actions: ['staging_write'] }]);
    const { status, body } = await undo(work);
    expect([status, body.message]).toEqual([403, 'cannot write to protected branch']);
    await done('PUT', rules, []);
    expect(await undo(work)).toMatchObject({ status: 200, body: { restored: 1 } });
  });
});

describe('what was deleted', () => {
  it('comes back as a branch was: its head, what was staged, out of sight if it was', async () => {
    const made = { name: 'gone', source: 'main', hidden: true };
    await done('POST', `${LAKE}/branches`, made);
    await put('gone', 'a');
    const stood = await commit('gone');
    await put('gone', 'b');
    const url = `${LAKE}/branches/gone`;
    expect(await ask('POST', `/moraine${url}/restore`)).toMatchObject({ status: 409 });
    await done('DELETE', url);
    expect(await done('POST', `/moraine${url}/restore`)).toEqual({
      id: 'gone',
      commit_id: stood,
      undone: expect.any(Number),
      restored: 1,
    });
    expect([await head('gone'), await uncommitted('gone')]).toEqual([stood, ['b']]);
    const { results } = await done('GET', `${LAKE}/branches?amount=1000`);
    expect(results?.map(({ id }) => id)).not.toContain('gone');
    await put('gone', 'c');
    await commit('gone');
    expect(await listed('gone')).toEqual(['a', 'b', 'c']);
    expect(await ask('POST', `/moraine${LAKE}/branches/never/restore`)).toMatchObject({
      status: 404,
    });
  });

  it('comes back as a tag where it was', async () => {
    const { commit_id: at } = await done('POST', `${LAKE}/tags`, { id: 'v1', ref: 'main' });
    const url = `${LAKE}/tags/v1`;
    expect(await ask('POST', `/moraine${url}/restore`)).toMatchObject({ status: 409 });
    await done('DELETE', url);
    expect(await done('POST', `/moraine${url}/restore`)).toEqual({ id: 'v1', commit_id: at });
    expect(await done('GET', url)).toEqual({ id: 'v1', commit_id: at });
    expect((await ask('POST', `/moraine${LAKE}/tags/v2/restore`)).status).toBe(404);
  });
});

describe('a branch that came back', () => {
  it('heeds a rule that was made while it was away, from its first write on', async () => {
    const work = await branch('ruled');
    await put(work, 'a');
    await done('DELETE', `${LAKE}/branches/${work}`);
    const rules = `${LAKE}/settings/branch_protection`;
    await done('PUT', rules, [{ pattern: work, blocked_actions: ['staging_write'] }]);
    await done('POST', `/moraine${LAKE}/branches/${work}/restore`);
    expect(await uncommitted(work)).toEqual(['a']);
    const url = `/api/v1${LAKE}/branches/${work}/objects?path=b`;
    expect((await app.call(url, { method: 'POST', body: 'b' })).status).toBe(403);
    expect((await undo(work)).status).toBe(409);
    expect(await uncommitted('main')).toEqual([]);
    expect((await ask('GET', MAIN)).status).toBe(200);
  });
});
