import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { json, told } from './running-edge.js';
import { wholeApp, type WholeApp } from './whole-app.js';

let app: WholeApp;
let api: string;
let authorization: string;

beforeAll(async () => {
  app = await wholeApp({ setup: 'api' });
  api = `${app.url}/api/v1`;
}, 30_000);
afterAll(() => app.close());

const call = (path: string, init: RequestInit = {}) =>
  fetch(api + path, {
    ...init,
    headers: { authorization, ...Object.fromEntries(new Headers(init.headers)) },
  });
const answer = async (path: string, init?: RequestInit) => told(await call(path, init));
const put = (path: string, body: string) =>
  call(`/repositories/lake/branches/main/objects?path=${encodeURIComponent(path)}`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain', 'x-lakefs-meta-k': 'v' },
    body,
  });

/** Each step stands on the one before it, as a client's first day does. */
describe('a first day, with no stand-in anywhere', () => {
  it('begins with the administrator, once', async () => {
    const setup = json({ username: 'admin' });
    expect(await told(await fetch(`${api}/setup_lakefs`))).toMatchObject([
      200,
      { state: 'not_initialized' },
    ]);
    const [status, key] = await told(await fetch(`${api}/setup_lakefs`, setup));
    expect(status).toBe(200);
    const pair = key as { access_key_id: string; secret_access_key: string };
    expect(pair.access_key_id).toMatch(/^AKIA[IJ][A-Z0-9]{14}Q$/);
    const text = `${pair.access_key_id}:${pair.secret_access_key}`;
    authorization = `Basic ${Buffer.from(text).toString('base64')}`;
    expect(await told(await fetch(`${api}/setup_lakefs`, setup))).toEqual([
      409,
      { message: 'lakeFS already initialized' },
    ]);
    expect(await answer('/user')).toMatchObject([200, { user: { id: 'admin' } }]);
  });

  it('goes on with a repository', async () => {
    const wish = json({ name: 'lake', storage_namespace: 'local://lake/' });
    expect(await answer('/repositories', wish)).toMatchObject([
      201,
      { id: 'lake', default_branch: 'main', storage_namespace: 'local://lake' },
    ]);
    expect(await answer('/repositories', wish)).toEqual([
      409,
      { message: 'error creating repository: not unique' },
    ]);
    expect(await answer('/repositories?search=ak')).toMatchObject([
      200,
      { pagination: { results: 1 }, results: [{ id: 'lake' }] },
    ]);
  });

  it('uploads, looks, lists and reads', async () => {
    expect((await put('a/é 1', 'hello')).status).toBe(201);
    expect((await put('b', 'world')).status).toBe(201);
    const [, stat] = await answer('/repositories/lake/refs/main/objects/stat?path=a%2F%C3%A9+1');
    expect(stat).toMatchObject({
      path: 'a/é 1',
      size_bytes: 5,
      checksum: '5d41402abc4b2a76b9719d911017c592',
      metadata: { k: 'v' },
      content_type: 'text/plain',
      physical_address: expect.stringMatching(/^local:\/\/lake\/data\/[\da-v]{20}\/[\da-v]{20}$/),
    });
    expect(await answer('/repositories/lake/refs/main/objects/ls?delimiter=/')).toMatchObject([
      200,
      { results: [{ path: 'a/', path_type: 'common_prefix' }, { path: 'b' }] },
    ]);
    const headers = { range: 'bytes=1-3' };
    const part = await call('/repositories/lake/refs/main/objects?path=b', { headers });
    expect([part.status, await part.text()]).toEqual([206, 'orl']);
    expect(await answer('/repositories/lake/refs/main/objects?path=nope')).toEqual([
      404,
      { message: 'not found' },
    ]);
  });

  it('commits, branches, tags and compares', async () => {
    const commits = '/repositories/lake/branches/main/commits';
    const [status, commit] = await answer(commits, json({ message: 'first' }));
    expect([status, commit]).toMatchObject([201, { committer: 'admin', generation: 2 }]);
    const { id } = commit as { id: string };
    expect(await answer(commits, json({ message: 'again' }))).toEqual([
      400,
      { message: 'commit: no changes' },
    ]);
    const branch = await call('/repositories/lake/branches', json({ name: 'dev', source: 'main' }));
    expect([branch.status, await branch.text()]).toEqual([201, id]);
    const tag = json({ id: 'v1.0', ref: 'main' });
    expect(await answer('/repositories/lake/tags', tag)).toEqual([
      201,
      { id: 'v1.0', commit_id: id },
    ]);
    const gone = { method: 'DELETE' };
    const b = '/repositories/lake/branches/dev/objects?path=b';
    expect((await call(b, gone)).status).toBe(204);
    expect((await call(b, gone)).status).toBe(204);
    expect(await answer('/repositories/lake/branches/dev/diff')).toMatchObject([
      200,
      { results: [{ type: 'removed', path: 'b', path_type: 'object' }] },
    ]);
    expect(await answer('/repositories/lake/refs/main/commits')).toMatchObject([
      200,
      { results: [{ id }, { message: 'Repository created', generation: 1 }] },
    ]);
  });

  it.each([
    ['GET', '/repositories/nope', 404, 'repository not found'],
    ['GET', '/repositories/lake/branches/nope', 404, 'branch not found'],
    ['GET', '/repositories/lake/tags/nope', 404, 'tag not found'],
    ['GET', '/repositories/lake/refs/nope/objects/ls', 404, 'not found'],
    ['DELETE', '/repositories/lake/branches/main', 403, 'cannot delete repository default branch'],
    ['DELETE', '/repositories/lake/branches/nope/objects?path=a', 404, 'branch not found'],
  ])('refuses %s %s: %d %s', async (method, path, status, message) =>
    expect(await answer(path, { method })).toEqual([status, { message }]),
  );

  it('ends with the repository', async () => {
    expect((await call('/repositories/lake', { method: 'DELETE' })).status).toBe(204);
    expect((await call('/repositories/lake')).status).toBe(404);
  });
});
