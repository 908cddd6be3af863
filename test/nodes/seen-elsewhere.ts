import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Calls } from './calls.js';
import { Lake } from './lake.js';

/** Two nodes: one is written to, and the other must know of it as soon as that is answered. */
export interface Pair {
  readonly here: Calls;
  readonly there: Calls;
  /** A name that nobody has. */
  readonly name: string;
  /** A folder that may be imported from. */
  readonly imports: string;
}

/** What is done at one node, and seen at the other, which has seen what was before. */
export const SEEN_ELSEWHERE: readonly (readonly [string, (pair: Pair) => Promise<void>])[] = [
  ['objects that are written, changed and deleted', objects],
  ['commits, and what is not committed', commits],
  ['branches that are deleted and made again', branches],
  ['tags that are deleted and made again', tags],
  ['merges, resets and reverts', moves],
  ['rules of branches', rules],
  ['uploads in parts, and addresses', addresses],
  ['metadata of a repository', metadata],
  ['repositories that are deleted and made again', repositories],
  ['pull requests', pulls],
  ['imports', imports],
  ['sessions', sessions],
  ['requests that come again', repeats],
];

async function objects({ here, there, name }: Pair): Promise<void> {
  const lake = new Lake(name);
  await lake.make(here);
  expect(await lake.paths(there, 'main')).toEqual([]);
  for (const body of ['one', 'another']) {
    await lake.put(here, 'main', 'a', body);
    expect(await lake.content(there, 'main', 'a')).toBe(body);
    expect(await lake.paths(there, 'main')).toEqual(['a']);
  }
  const ofUser = `${lake.path}/branches/main/objects/stat/user_metadata?path=a`;
  await here.must({ method: 'PUT', path: ofUser, json: { set: { k: 'v' } } });
  const stat = await lake.json(there, '/refs/main/objects/stat?path=a&user_metadata=true');
  expect(stat).toMatchObject({ metadata: { k: 'v' } });
  const copy = { src_path: 'a' };
  await here.must({
    method: 'POST',
    path: `${lake.path}/branches/main/objects/copy?dest_path=b`,
    json: copy,
  });
  expect(await lake.content(there, 'main', 'b')).toBe('another');
  await lake.remove(here, 'main', 'a');
  expect(await lake.content(there, 'main', 'a')).toBeUndefined();
  expect(await lake.paths(there, 'main')).toEqual(['b']);
  const again = { ...lake.putting('main', 'a', 'third'), headers: { 'if-none-match': '*' } };
  expect(await lake.status(there, again)).toBe(201);
  expect(await lake.status(here, again)).toBe(412);
}

async function commits({ here, there, name }: Pair): Promise<void> {
  const lake = new Lake(name);
  await lake.make(here);
  for (const path of ['a', 'b', 'c']) {
    await lake.put(here, 'main', path);
    expect(await lake.listed(there, '/branches/main/diff', 'path')).toEqual([path]);
    const commit = await lake.commit(here, 'main', path);
    expect(await lake.listed(there, '/branches/main/diff', 'path')).toEqual([]);
    expect(await lake.head(there, 'main')).toBe(commit);
    const log = await lake.listed(there, '/refs/main/commits?amount=1', 'message');
    expect(log).toEqual([path]);
    expect(await lake.json(there, `/commits/${commit}`)).toMatchObject({ id: commit });
    expect(await lake.paths(there, commit)).toContain(path);
    expect(await lake.content(there, commit, path)).toBe(path);
    expect(await lake.paths(there, 'main~1')).not.toContain(path);
    const none = { message: 'none' };
    const path_ = `${lake.path}/branches/main/commits`;
    expect(await lake.status(there, { method: 'POST', path: path_, json: none })).toBe(400);
  }
}

async function branches({ here, there, name }: Pair): Promise<void> {
  const lake = new Lake(name);
  await lake.make(here);
  await lake.put(here, 'main', 'first');
  await lake.commit(here, 'main');
  for (const path of ['a', 'b']) {
    expect(await lake.head(there, 'dev')).toBe(404);
    expect(await lake.status(there, lake.putting('dev', path))).toBe(404);
    const commit = await lake.branch(here, 'dev');
    expect(await lake.head(there, 'dev')).toBe(commit);
    expect(await lake.listed(there, '/branches', 'id')).toEqual(['dev', 'main']);
    await lake.put(there, 'dev', path);
    expect(await lake.paths(here, 'dev')).toContain(path);
    const made = await lake.commit(here, 'dev');
    expect(await lake.head(there, 'dev')).toBe(made);
    await lake.put(here, 'dev', 'more');
    expect(await lake.content(there, 'dev', 'more')).toBe('more');
    await lake.delete(here, '/branches/dev');
    expect(await lake.paths(there, 'dev')).toBe(404);
    expect(await lake.content(there, 'dev', path)).toBeUndefined();
    await lake.put(here, 'main', `main ${path}`);
    await lake.commit(here, 'main');
  }
  await lake.branch(here, 'dev');
  expect(await lake.paths(there, 'dev')).toEqual(['first', 'main a', 'main b']);
}

async function tags({ here, there, name }: Pair): Promise<void> {
  const lake = new Lake(name);
  await lake.make(here);
  for (const path of ['a', 'b']) {
    await lake.put(here, 'main', path);
    const commit = await lake.commit(here, 'main');
    expect(await lake.json(there, '/tags/v1')).toBe(404);
    expect(await lake.paths(there, 'v1')).toBe(404);
    await lake.tag(here, 'v1', 'main');
    expect(await lake.json(there, '/tags/v1')).toMatchObject({ commit_id: commit });
    expect(await lake.listed(there, '/tags', 'id')).toEqual(['v1']);
    expect(await lake.paths(there, 'v1')).toContain(path);
    await lake.delete(here, '/tags/v1');
  }
  expect(await lake.listed(there, '/tags', 'id')).toEqual([]);
}

async function moves({ here, there, name }: Pair): Promise<void> {
  const lake = new Lake(name);
  await lake.make(here);
  await lake.branch(here, 'dev');
  await lake.put(here, 'dev', 'a');
  await lake.commit(here, 'dev');
  expect(await lake.paths(there, 'main')).toEqual([]);
  const merged = await lake.merge(here, 'dev', 'main');
  expect(await lake.head(there, 'main')).toBe(merged);
  expect(await lake.paths(there, 'main')).toEqual(['a']);
  const base = await lake.json(there, '/refs/dev/merge/main');
  expect(base).toMatchObject({ destination_commit_id: merged });
  await lake.put(here, 'main', 'staged');
  const reset = { method: 'PUT', path: `${lake.path}/branches/main` } as const;
  await here.must({ ...reset, json: { type: 'reset' } });
  expect(await lake.paths(there, 'main')).toEqual(['a']);
  const revert = { ref: merged, parent_number: 1 };
  await here.must({ method: 'POST', path: `${lake.path}/branches/main/revert`, json: revert });
  expect(await lake.paths(there, 'main')).toEqual([]);
  await here.must({
    method: 'PUT',
    path: `${lake.path}/branches/main/hard_reset?ref=${merged}`,
  });
  expect(await lake.head(there, 'main')).toBe(merged);
  expect(await lake.listed(there, '/refs/dev/diff/main', 'path')).toEqual([]);
}

async function rules({ here, there, name }: Pair): Promise<void> {
  const lake = new Lake(name);
  await lake.make(here);
  const set = (json: unknown) =>
    here.must({ method: 'PUT', path: `${lake.path}/settings/branch_protection`, json });
  for (const path of ['a', 'b', 'c']) {
    await lake.put(there, 'main', path);
    await set([{ pattern: 'ma*' }]);
    expect(await lake.json(there, '/settings/branch_protection')).toEqual([{ pattern: 'ma*' }]);
    expect(await lake.status(there, lake.putting('main', 'refused'))).toBe(403);
    const commit = { method: 'POST', path: `${lake.path}/branches/main/commits` } as const;
    expect(await lake.status(there, { ...commit, json: { message: 'm' } })).toBe(403);
    await set([]);
    await lake.commit(there, 'main', path);
  }
  expect(await lake.paths(here, 'main')).toEqual(['a', 'b', 'c']);
}

async function addresses({ here, there, name }: Pair): Promise<void> {
  const lake = new Lake(name);
  await lake.make(here);
  const parts = `${lake.path}/branches/main/staging/pmpu`;
  const begun = await here.must({ method: 'POST', path: `${parts}?path=in-parts&parts=1` });
  const { upload_id, physical_address, presigned_urls } = JSON.parse(begun) as BegunUpload;
  const { etag } = await putAt(there, presigned_urls[0]);
  const whole = { physical_address, parts: [{ part_number: 1, etag }] };
  const upload = `${parts}/${upload_id}?path=in-parts`;
  await here.must({ method: 'PUT', path: upload, json: whole });
  expect(await lake.content(there, 'main', 'in-parts')).toBe(BODY);
  await there.must({ method: 'PUT', path: upload, json: whole });

  const backing = `${lake.path}/branches/main/staging/backing?path=linked`;
  const issued = await here.must({ method: 'GET', path: `${backing}&presign=true` });
  const staging = JSON.parse(issued) as { physical_address: string; presigned_url: string };
  const stored = await putAt(there, staging.presigned_url);
  const json = { staging, checksum: stored.etag, size_bytes: BODY.length };
  await here.must({ method: 'PUT', path: backing, json });
  expect(await lake.content(there, 'main', 'linked')).toBe(BODY);
  // The answer to the first link, not a second one.
  await lake.remove(here, 'main', 'linked');
  await there.must({ method: 'PUT', path: backing, json });
  expect(await lake.content(here, 'main', 'linked')).toBeUndefined();
}

const BODY = 'the bytes of an object';

interface BegunUpload {
  readonly upload_id: string;
  readonly physical_address: string;
  readonly presigned_urls: readonly string[];
}

/** Follows a presigned URL, but at this node. */
async function putAt({ node }: Calls, presigned: string | undefined): Promise<{ etag: string }> {
  const url = new URL(presigned ?? '');
  url.port = String(node.port);
  const answer = await fetch(url, { method: 'PUT', body: BODY });
  expect(answer.status).toBe(200);
  return { etag: answer.headers.get('etag') ?? '' };
}

async function metadata({ here, there, name }: Pair): Promise<void> {
  const lake = new Lake(name);
  await lake.make(here);
  const path = `${lake.path}/metadata`;
  for (const value of ['1', '2']) {
    await here.must({ method: 'POST', path, json: { metadata: { k: value } } });
    expect(await lake.json(there, '/metadata')).toEqual({ k: value });
  }
  await here.must({ method: 'DELETE', path, json: { keys: ['k'] } });
  expect(await lake.json(there, '/metadata')).toEqual({});
}

async function repositories({ here, there, name }: Pair): Promise<void> {
  const lake = new Lake(name);
  for (const life of ['one', 'two', 'three']) {
    expect(await lake.json(there, '')).toBe(404);
    await lake.make(here, `${name}-${life}`);
    expect(await lake.json(there, '')).toMatchObject({ id: name });
    expect(await lake.paths(there, 'main')).toEqual([]);
    expect(await lake.listed(there, '/tags', 'id')).toEqual([]);
    await lake.put(there, 'main', life);
    expect(await lake.content(here, 'main', life)).toBe(life);
    const commit = await lake.commit(there, 'main');
    expect(await lake.head(here, 'main')).toBe(commit);
    await lake.branch(there, 'dev');
    await lake.tag(there, 'v1', 'dev');
    expect(await lake.paths(here, 'v1')).toEqual([life]);
    await lake.put(here, 'dev', 'staged');
    await lake.delete(here);
    expect(await lake.paths(there, 'main')).toBe(404);
    expect(await lake.status(there, lake.putting('main', 'late'))).toBe(404);
    expect(await lake.listed(there, '/branches', 'id')).toBe(404);
  }
}

async function pulls({ here, there, name }: Pair): Promise<void> {
  const lake = new Lake(name);
  await lake.make(here);
  await lake.branch(here, 'dev');
  await lake.put(here, 'dev', 'a');
  await lake.commit(here, 'dev');
  expect(await lake.listed(there, '/pulls', 'id')).toEqual([]);
  const pull = { title: 't', source_branch: 'dev', destination_branch: 'main' };
  const path = `${lake.path}/pulls`;
  const made = JSON.parse(await here.must({ method: 'POST', path, json: pull })) as { id: string };
  const one = `/pulls/${made.id}`;
  expect(await lake.json(there, one)).toMatchObject({ status: 'open', title: 't' });
  await here.must({ method: 'PATCH', path: `${lake.path}${one}`, json: { title: 'u' } });
  expect(await lake.json(there, one)).toMatchObject({ title: 'u' });
  await here.must({ method: 'PUT', path: `${lake.path}${one}/merge`, json: {} });
  expect(await lake.json(there, one)).toMatchObject({ status: 'merged' });
  expect(await lake.paths(there, 'main')).toEqual(['a']);
}

async function imports({ here, there, name, imports: folder }: Pair): Promise<void> {
  const lake = new Lake(name);
  await lake.make(here);
  await mkdir(join(folder, name));
  await writeFile(join(folder, name, 'imported'), 'imported');
  const path = `${lake.path}/branches/main/import`;
  const source = `local://${join(folder, name)}/`;
  const paths = [{ type: 'common_prefix', path: source, destination: 'in/' }];
  const json = { paths, commit: { message: 'import' } };
  const { id } = JSON.parse(await here.must({ method: 'POST', path, json })) as { id: string };
  for (;;) {
    const status = (await lake.json(there, `/branches/main/import?id=${id}`)) as ImportStatus;
    expect(status.error).toBeUndefined();
    if (status.completed) {
      expect(await lake.head(here, 'main')).toBe(status.commit?.id);
      break;
    }
    await delay(20);
  }
  expect(await lake.content(there, 'main', 'in/imported')).toBe('imported');
}

interface ImportStatus {
  readonly completed: boolean;
  readonly commit?: { readonly id: string };
  readonly error?: unknown;
}

async function sessions({ here, there }: Pair): Promise<void> {
  const json = { access_key_id: here.key.id, secret_access_key: here.key.secret };
  const login = await here.must({ method: 'POST', path: '/auth/login', json });
  const { token } = JSON.parse(login) as { token: string };
  const headers = { authorization: `Bearer ${token}` };
  const user = await there.must({ method: 'GET', path: '/user', headers });
  expect(JSON.parse(user)).toMatchObject({ user: { id: 'admin' } });
}

async function repeats({ here, there, name }: Pair): Promise<void> {
  const lake = new Lake(name);
  await lake.make(here);
  await lake.put(here, 'main', 'a');
  const path = `${lake.path}/branches/main/commits`;
  const headers = { 'idempotency-key': `key of ${name}`.replaceAll(' ', '-') };
  const call = { method: 'POST', path, json: { message: 'once' }, headers } as const;
  const first = await here.must(call);
  expect(JSON.parse(await there.must(call))).toEqual(JSON.parse(first));
  expect(await lake.listed(there, '/refs/main/commits', 'message')).toEqual([
    'once',
    'Repository created',
  ]);
}
