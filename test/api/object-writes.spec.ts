import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type WholeApp, wholeApp } from './whole-app.js';

const PAIR = { accessKeyId: 'AKIAJEXAMPLEEXAMPLEQ', secretAccessKey: 'a secret for tests' };
const authorization = `Basic ${btoa(`${PAIR.accessKeyId}:${PAIR.secretAccessKey}`)}`;
const LAKE = '/repositories/lake';
const MAIN = `${LAKE}/branches/main`;
const MD5_OF_ONE = 'f97c5d29941bfb1b2fdab0874906ab82';
const EXISTS = [412, { message: 'path already exists' }];
const FAILED = [412, { message: 'Precondition failed' }];
const NOT_FOUND = [404, { message: 'not found' }];
let app: WholeApp;
let api: string;

beforeAll(async () => {
  app = await wholeApp({
    adminAccessKeyId: PAIR.accessKeyId,
    adminSecretAccessKey: PAIR.secretAccessKey,
  });
  api = `${app.url}/api/v1`;
  await send('POST', '/repositories', { name: 'lake', storage_namespace: 'local://lake' });
}, 30_000);
afterAll(() => app.close());

type Told = readonly [status: number, body: Record<string, unknown>];

async function told(answer: Response): Promise<Told> {
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true;
  return [answer.status, isJson ? (JSON.parse(text) as Record<string, unknown>) : { text }];
}

async function send(method: string, path: string, json?: unknown): Promise<Told> {
  const headers = { authorization, 'content-type': 'application/json' };
  const body = json === undefined ? {} : { body: JSON.stringify(json) };
  return told(await fetch(api + path, { method, headers, ...body }));
}

async function put(path: string, body: string, headers: Record<string, string> = {}) {
  const all = { authorization, 'content-type': 'text/plain', ...headers };
  const url = `${api}${MAIN}/objects?path=${path}`;
  return told(await fetch(url, { method: 'POST', headers: all, body }));
}

const commit = () => send('POST', `${MAIN}/commits`, { message: 'm' });
const stat = (path: string, ref = 'main') =>
  send('GET', `${LAKE}/refs/${ref}/objects/stat?path=${path}`);
const read = async (path: string) =>
  (await send('GET', `${LAKE}/refs/main/objects?path=${path}`))[1]['text'];
const absent = { 'if-none-match': '*' };

describe('an upload on a condition', () => {
  it('that nothing be there is refused where something is, staged or committed', async () => {
    expect((await put('new', 'one', absent))[0]).toBe(201);
    expect(await put('new', 'two', absent)).toEqual(EXISTS);
    await commit();
    expect(await put('new', 'two', absent)).toEqual(EXISTS);
    expect(await read('new')).toBe('one');
    await send('DELETE', `${MAIN}/objects?path=new`);
    expect((await put('new', 'three', absent))[0]).toBe(201);
    expect(await read('new')).toBe('three');
  });

  it('on an entity tag is refused of another, and where nothing is', async () => {
    await put('tagged', 'one');
    const match = (tags: string) => ({ 'if-match': tags });
    expect(await put('tagged', 'two', match('"other"'))).toEqual(FAILED);
    expect(await put('nowhere', 'two', match(`"${MD5_OF_ONE}"`))).toEqual(FAILED);
    expect(await put('nowhere', 'two', match('*'))).toEqual(FAILED);
    expect((await put('tagged', 'two', match(`"x", "${MD5_OF_ONE}"`)))[0]).toBe(201);
    expect(await put('tagged', 'three', match(`"${MD5_OF_ONE}"`))).toEqual(FAILED);
    expect((await put('tagged', 'three', match('*')))[0]).toBe(201);
    expect(await read('tagged')).toBe('three');
  });

  it('is refused when it can be kept by nobody', async () => {
    expect((await put('x', 'x', { 'if-none-match': '"x"' }))[0]).toBe(501);
    expect((await put('x', 'x', { 'if-unmodified-since': 'now' }))[0]).toBe(501);
    for (const tags of ['x', 'W/"x"', '"x', '']) {
      expect((await put('x', 'x', { 'if-match': tags }))[0]).toBe(400);
    }
    expect((await put('x', 'x', { 'if-match': '*', 'if-none-match': '*' }))[0]).toBe(400);
    expect(await stat('x')).toEqual(NOT_FOUND);
  });

  it('is decided once among many: one is stored, and it is the one that says so', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => put('race', `body ${at}`, absent)),
    );
    const stored = answers.flatMap(([status], at) => (status === 201 ? [`body ${at}`] : []));
    expect(stored).toEqual([await read('race')]);
    expect(answers.filter(([status]) => status === 412)).toHaveLength(19);
  });

  it('takes no body that it need not take', async () => {
    await put('there', 'one');
    let taken = 0;
    const body = new ReadableStream({
      pull: (controller) => {
        taken++;
        controller.enqueue(new Uint8Array(64 * 1024));
        if (taken === 200) controller.close();
      },
    });
    const headers = { authorization, ...absent };
    const init = { method: 'POST', headers, body, duplex: 'half' } as const;
    const answer = await fetch(`${api}${MAIN}/objects?path=there`, init);
    expect(await told(answer)).toEqual(EXISTS);
  });
});

describe('a copy', () => {
  const copy = (to: string, body: object, branch = 'main') =>
    send('POST', `${LAKE}/branches/${branch}/objects/copy?dest_path=${to}`, body);

  it('has bytes of its own, and the metadata and type of its source', async () => {
    await put('source', 'one', { 'x-lakefs-meta-k': 'v' });
    const [status, object] = await copy('copied', { src_path: 'source' });
    expect(status).toBe(201);
    const [, source] = await stat('source');
    expect(object).toMatchObject({
      path: 'copied',
      path_type: 'object',
      checksum: MD5_OF_ONE,
      content_type: 'text/plain',
      metadata: { k: 'v' },
      size_bytes: 3,
    });
    expect(object['physical_address']).not.toBe(source['physical_address']);
    expect(await read('copied')).toBe('one');
    expect(await stat('copied')).toEqual([200, object]);
  });

  it('is of any ref: a commit, another branch, what is staged', async () => {
    await put('then', 'old');
    await commit();
    const [, branch] = await send('GET', MAIN);
    await put('then', 'new');
    const id = branch['commit_id'];
    expect((await copy('of-commit', { src_path: 'then', src_ref: id }))[0]).toBe(201);
    expect((await copy('of-staged', { src_path: 'then', src_ref: '' }))[0]).toBe(201);
    expect([await read('of-commit'), await read('of-staged')]).toEqual(['old', 'new']);
    await send('POST', `${LAKE}/branches`, { name: 'side', source: 'main' });
    expect((await copy('x', { src_path: 'then', src_ref: 'main' }, 'side'))[0]).toBe(201);
    expect((await stat('x', 'side'))[0]).toBe(200);
    expect((await copy('then', { src_path: 'then' }))[0]).toBe(201);
  });

  it('is refused as the peer refuses it', async () => {
    expect(await copy('c', { src_path: 'nowhere' })).toEqual(NOT_FOUND);
    expect(await copy('c', { src_path: 'source', src_ref: 'nowhere' })).toEqual(NOT_FOUND);
    expect((await copy('c', { src_path: 'source' }, 'nowhere'))[0]).toBe(404);
    expect((await copy('c', { src_path: '' }))[0]).toBe(400);
    expect((await copy('c', {}))[0]).toBe(400);
    expect((await copy('', { src_path: 'source' }))[0]).toBe(400);
    const url = `${LAKE}/branches/main/objects/copy`;
    expect((await send('POST', url, { src_path: 'source' }))[0]).toBe(400);
    expect(await stat('c')).toEqual(NOT_FOUND);
  });

  it('is refused when its source’s bytes are not to be had', async () => {
    const away = { physical_address: 'local://away/x', checksum: 'c', size_bytes: 1 };
    await send('PUT', `${MAIN}/objects?path=away`, away);
    expect(await copy('c', { src_path: 'away' })).toEqual([410, { message: 'No data' }]);
  });

  it('may be shallow: the same bytes under two names, each its own from then on', async () => {
    await put('first', 'one');
    const [status, second] = await copy('second', { src_path: 'first', shallow: true });
    expect(status).toBe(201);
    const [, first] = await stat('first');
    expect(second).toMatchObject({ path: 'second', physical_address: first['physical_address'] });
    await send('DELETE', `${MAIN}/objects?path=first`);
    expect(await read('second')).toBe('one');
    expect(await copy('third', { src_path: 'first', shallow: true })).toEqual(NOT_FOUND);
    const elsewhere = await copy('x', { src_path: 'second', src_ref: 'side', shallow: true });
    expect(elsewhere[0]).toBe(400);
    await commit();
    expect(await read('second')).toBe('one');
    expect((await copy('fourth', { src_path: 'second', shallow: true }))[0]).toBe(201);
  });
});

describe('the metadata of an object', () => {
  const set = (path: string, body: unknown) =>
    send('PUT', `${MAIN}/objects/stat/user_metadata?path=${path}`, body);

  it('is replaced, every key as it was given, and nothing else of the object is', async () => {
    await put('described', 'one', { 'x-lakefs-meta-old': 'v' });
    const [, before] = await stat('described');
    const metadata = JSON.parse('{"Upper":"1","__proto__":"2","é":"3"}') as object;
    expect((await set('described', { set: metadata }))[0]).toBe(204);
    const [, after] = await stat('described');
    expect(after).toEqual({ ...before, metadata });
    await commit();
    expect((await set('described', { set: {} }))[0]).toBe(204);
    expect(await stat('described')).toEqual([200, { ...before, metadata: {} }]);
  });

  it('is not set of what is not there, nor to what is none', async () => {
    expect(await set('nowhere', { set: {} })).toEqual(NOT_FOUND);
    for (const body of [{}, { set: null }, { set: { a: 5 } }, { set: [] }]) {
      expect((await set('described', body))[0]).toBe(400);
    }
    const other = `${LAKE}/branches/nowhere/objects/stat/user_metadata?path=described`;
    expect((await send('PUT', other, { set: {} }))[0]).toBe(404);
  });

  it('is never laid over an overwrite that came between', async () => {
    for (let round = 0; round < 10; round++) {
      await put('raced', `old ${round}`);
      await Promise.all([
        set('raced', { set: { k: `${round}` } }),
        put('raced', `new ${round}`),
        set('raced', { set: { k: `${round}` } }),
      ]);
      expect(await read('raced')).toBe(`new ${round}`);
    }
  });
});

it('the store says of an object that it has no class, where its bytes are', async () => {
  const of = (path: string) =>
    send('GET', `${LAKE}/refs/main/objects/underlyingProperties?path=${path}`);
  await put('lies', 'one');
  expect(await of('lies')).toEqual([200, { storage_class: null }]);
  expect(await of('nowhere')).toEqual(NOT_FOUND);
  expect(await of('away')).toEqual([410, { message: 'No data' }]);
});
