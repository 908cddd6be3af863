import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { json, told } from './running-edge.js';
import { type WholeApp, wholeApp } from './whole-app.js';

let home: string;
let open: string;
let app: WholeApp;
let closed: WholeApp;

beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'moraine-imports-')));
  open = join(home, 'open');
  await mkdir(join(open, 'sub'), { recursive: true });
  await writeFile(join(open, 'a.txt'), 'aaa');
  await writeFile(join(open, 'sub/ü b'), 'b');
  await writeFile(join(home, 'secret'), 'not yours');
  await symlink(join(home, 'secret'), join(open, 'sub/link'));
  app = await wholeApp({ importEnabled: true, importFolders: open });
  closed = await wholeApp();
  for (const each of [app, closed]) {
    const wish = json({ name: 'lake', storage_namespace: 'local://lake' });
    expect((await ask('/repositories', wish, each))[0]).toBe(201);
  }
}, 60_000);
afterAll(async () => {
  for (const each of [app, closed]) await each.close();
  await rm(home, { recursive: true, force: true });
});

const ask = async (
  path: string,
  init: RequestInit = {},
  of = app,
): Promise<readonly [status: number, body: unknown]> => {
  const response = await of.call(`/api/v1${path}`, init);
  const isJson = response.headers.get('content-type') === 'application/json';
  return isJson ? told(response) : [response.status, await response.text()];
};

const IMPORT = '/repositories/lake/branches/main/import';
const wishOf = (path: string, type = 'common_prefix', destination = 'in/') =>
  json({ paths: [{ type, path, destination }], commit: { message: 'in', metadata: { by: 'me' } } });

interface Status {
  readonly completed: boolean;
  readonly error?: { readonly message: string };
}

async function ended(path: string, type?: string): Promise<[id: string, status: Status]> {
  const [status, body] = await ask(IMPORT, wishOf(path, type));
  expect([status, body]).toEqual([202, { id: expect.stringMatching(/^[0-9a-v]{20}$/) }]);
  const { id } = body as { id: string };
  for (;;) {
    const [, now] = (await ask(`${IMPORT}?id=${id}`)) as readonly [number, Status];
    if (now.completed || now.error) return [id, now];
    await delay(10);
  }
}

describe('an import over the API', () => {
  it('brings files onto a branch, which are read from where they lie', async () => {
    const [id, status] = await ended(`local://${open}/`);
    expect(status).toEqual({
      completed: true,
      ingested_objects: 2,
      update_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      metarange_id: expect.stringMatching(/^[0-9a-f]{64}$/),
      commit: expect.objectContaining({
        message: 'in',
        metadata: { by: 'me', '.lakefs.merge.strategy': 'source-wins' },
      }),
    });
    const [, list] = await ask('/repositories/lake/refs/main/objects/ls');
    expect((list as { results: object[] }).results).toMatchObject([
      { path: 'in/a.txt', physical_address: `local://${open}/a.txt`, size_bytes: 3 },
      { path: 'in/sub/ü b', physical_address: `local://${open}/sub/ü b`, size_bytes: 1 },
    ]);
    const path = encodeURIComponent('in/sub/ü b');
    const [, text] = await ask(`/repositories/lake/refs/main/objects?path=${path}`);
    expect(text).toBe('b');
    expect(await ask(`${IMPORT}?id=${id}`, { method: 'DELETE' })).toEqual([
      409,
      { message: 'conflict found' },
    ]);
  });

  it.each([
    ['/etc', 'common_prefix'],
    ['/secret', 'object'],
    ['/open/../secret', 'object'],
    ['/open/sub/link', 'object'],
    ['', 'common_prefix'],
  ])('reads nothing else of the machine: %s as %s', async (below, type) => {
    const [, status] = await ended(`local://${below === '/etc' ? below : home + below}`, type);
    expect(status.completed).toBe(false);
    expect(status.error?.message).toMatch(/^import error: error on ingest: /);
  });

  it('never reads the server’s own folder, though it be below one that was named', async () => {
    const own = await wholeApp({ importEnabled: true, importFolders: tmpdir() });
    const wish = json({ name: 'lake', storage_namespace: 'local://lake' });
    await ask('/repositories', wish, own);
    for (const path of [`${own.folder}/data`, own.folder]) {
      const [, body] = await ask(IMPORT, wishOf(`local://${path}`), own);
      const { id } = body as { id: string };
      let status: Status = { completed: false };
      while (!status.completed && !status.error) {
        status = (await ask(`${IMPORT}?id=${id}`, {}, own))[1] as Status;
      }
      expect(status.error?.message).toContain('forbidden');
    }
    await own.close();
  });

  it('is refused with what is wrong in it', async () => {
    const refused = async (init: RequestInit) => (await ask(IMPORT, init))[1];
    expect(await refused(wishOf('local:///x', 'folder'))).toEqual({
      message: expect.stringContaining('paths[0].type'),
    });
    expect(await refused(wishOf('local:///x', 'object', ''))).toEqual({
      message: 'paths[0].destination: empty value is not allowed',
    });
    expect(await refused(wishOf('local://lake/data'))).toEqual({
      message:
        'import path (local://lake/data) in repository namespace (local://lake) is prohibited: ' +
        'invalid import source',
    });
    expect(await refused(json({ paths: [] }))).toEqual({
      message: 'commit: value is required but missing',
    });
  });

  it('is nothing that was never asked for', async () => {
    const missing = [404, { message: 'not found' }];
    expect(await ask(`${IMPORT}?id=none`)).toEqual(missing);
    expect(await ask(`${IMPORT}?id=none`, { method: 'DELETE' })).toEqual(missing);
    expect((await ask(IMPORT))[0]).toBe(400);
  });

  it('is not there unless an operator allows it', async () => {
    expect(await ask(IMPORT, wishOf(`local://${open}`), closed)).toEqual([
      403,
      { message: 'import is not supported for this storage' },
    ]);
    const supports = async (of: WholeApp) => (await ask('/config/storage', {}, of))[1];
    expect(await supports(app)).toMatchObject({ import_support: true });
    expect(await supports(closed)).toMatchObject({ import_support: false });
  });
});

describe('a dump over the API', () => {
  it('comes back in a bare repository', async () => {
    const [made, refs] = await ask('/repositories/lake/refs/dump', { method: 'PUT' });
    expect(made).toBe(201);
    const bare = json({ name: 'copy', storage_namespace: 'local://lake' });
    expect((await ask('/repositories?bare=true', bare))[0]).toBe(201);
    const restore = json(refs as object, 'PUT');
    const none = { ...(refs as object), tags_meta_range_id: 'ab'.repeat(32) };
    const there = '/repositories/copy/refs/restore';
    expect(await ask(there, json(none, 'PUT'))).toEqual([410, { message: 'No data' }]);
    expect((await ask(there, restore))[0]).toBe(200);
    expect(await ask(there, restore)).toEqual([
      400,
      { message: 'can only restore into a bare repository' },
    ]);
    const log = async (name: string) => ask(`/repositories/${name}/refs/main/commits`);
    expect(await log('copy')).toEqual(await log('lake'));
  });
});
