import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type WholeApp, wholeApp } from './whole-app.js';

const PAIR = { accessKeyId: 'AKIAJEXAMPLEEXAMPLEQ', secretAccessKey: 'a secret for tests' };
const authorization = `Basic ${btoa(`${PAIR.accessKeyId}:${PAIR.secretAccessKey}`)}`;
const LAKE = '/repositories/lake';
const MAIN = `${LAKE}/branches/main`;
let app: WholeApp;
let api: string;
let keys = 0;
const newKey = () => `key-${keys++}`;

beforeAll(async () => {
  app = await wholeApp({
    adminAccessKeyId: PAIR.accessKeyId,
    adminSecretAccessKey: PAIR.secretAccessKey,
  });
  api = `${app.url}/api/v1`;
  const lake = { name: 'lake', storage_namespace: 'local://lake' };
  await send('POST', '/repositories', { json: lake });
}, 30_000);
afterAll(() => app.close());

interface Sent {
  readonly json?: unknown;
  readonly body?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function send(method: string, path: string, { json, body, key, headers }: Sent = {}) {
  const answer = await fetch(api + path, {
    method,
    headers: {
      authorization,
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...headers,
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    ...(body === undefined ? {} : { body }),
  });
  const isReplayed = answer.headers.get('idempotency-replayed') === 'true';
  return { status: answer.status, text: await answer.text(), isReplayed };
}

const put = (path: string, body: string, key?: string) =>
  send('POST', `${MAIN}/objects?path=${path}`, { body, ...(key === undefined ? {} : { key }) });
const told = ({ status, text }: { status: number; text: string }) => [status, text];
const get = async (path: string) => (await send('GET', path)).text;

/** Sends twice under one key and returns both answers. */
async function twice(method: string, path: string, sent: Sent = {}) {
  const key = newKey();
  const first = await send(method, path, { ...sent, key });
  const again = await send(method, path, { ...sent, key });
  expect(told(again)).toEqual(told(first));
  expect([first.isReplayed, again.isReplayed]).toEqual([false, true]);
  return first;
}

describe('a request with an Idempotency-Key', () => {
  it('is done once and answered the same each time, whatever it does', async () => {
    const other = { name: 'once', storage_namespace: 'local://once' };
    expect((await twice('POST', '/repositories', { json: other })).status).toBe(201);
    expect((await twice('POST', `${MAIN}/objects?path=a`, { body: 'a' })).status).toBe(201);
    const commit = { message: 'one', metadata: {} };
    expect((await twice('POST', `${MAIN}/commits`, { json: commit })).status).toBe(201);
    const branch = { name: 'dev', source: 'main' };
    expect((await twice('POST', `${LAKE}/branches`, { json: branch })).status).toBe(201);
    const tag = { id: 'v1', ref: 'main' };
    expect((await twice('POST', `${LAKE}/tags`, { json: tag })).status).toBe(201);
    const copy = { json: { src_path: 'a' } };
    expect((await twice('POST', `${MAIN}/objects/copy?dest_path=b`, copy)).status).toBe(201);
    const set = { json: { set: { k: 'v' } } };
    const metadata = `${MAIN}/objects/stat/user_metadata?path=a`;
    expect((await twice('PUT', metadata, set)).status).toBe(204);
    const shallow = { json: { src_path: 'a', shallow: true } };
    expect((await twice('POST', `${MAIN}/objects/copy?dest_path=c`, shallow)).status).toBe(201);
    expect((await twice('DELETE', `${MAIN}/objects?path=b`)).status).toBe(204);
    const list = { json: { paths: ['c', 'nowhere'] } };
    expect((await twice('POST', `${MAIN}/objects/delete`, list)).status).toBe(200);
    expect((await twice('DELETE', `${LAKE}/tags/v1`)).status).toBe(204);
    expect((await twice('DELETE', `${LAKE}/branches/dev`)).status).toBe(204);
    expect((await twice('DELETE', '/repositories/once')).status).toBe(204);
  });

  it('is refused the same each time, whatever has happened since', async () => {
    const key = newKey();
    const create = { json: { name: 'late', source: 'nowhere' }, key };
    const first = await send('POST', `${LAKE}/branches`, create);
    expect(first.status).toBe(404);
    await send('POST', `${LAKE}/tags`, { json: { id: 'nowhere', ref: 'main' } });
    expect(told(await send('POST', `${LAKE}/branches`, create))).toEqual(told(first));
    await twice('DELETE', `${LAKE}/tags/never-there`);
    await twice('POST', `${MAIN}/commits`, { json: { message: 5 } });
  });

  it('does nothing a second time: a later write under another key stands', async () => {
    const key = newKey();
    const first = await put('over', 'one', key);
    await put('over', 'two');
    expect(told(await put('over', 'one', key))).toEqual(told(first));
    expect(await get(`${LAKE}/refs/main/objects?path=over`)).toBe('two');
    const gone = newKey();
    await send('DELETE', `${MAIN}/objects?path=over`, { key: gone });
    await put('over', 'three');
    await send('DELETE', `${MAIN}/objects?path=over`, { key: gone });
    expect(await get(`${LAKE}/refs/main/objects?path=over`)).toBe('three');
  });

  it('is refused when it is another one than the key came with', async () => {
    const key = newKey();
    await put('mine', 'one', key);
    for (const other of [
      await put('mine', 'two', key),
      await put('yours', 'one', key),
      await send('POST', `${MAIN}/objects?path=mine`, {
        body: 'one',
        key,
        headers: { 'x-lakefs-meta-k': 'v' },
      }),
      await send('DELETE', `${MAIN}/objects?path=mine`, { key }),
    ]) {
      expect(told(other)).toEqual([
        409,
        '{"message":"Idempotency-Key was used for another request"}',
      ]);
    }
    const json = { name: 'keyed', source: 'main' };
    const branch = newKey();
    await send('POST', `${LAKE}/branches`, { json, key: branch });
    const another = await send('POST', `${LAKE}/branches`, {
      json: { ...json, source: 'main~' },
      key: branch,
    });
    expect(another.status).toBe(409);
    expect((await put('mine', 'one', key)).status).toBe(201);
  });

  it('is one upload, whatever boundary its form has', async () => {
    const key = newKey();
    const form = (boundary: string) => ({
      key,
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body:
        `--${boundary}\r\nContent-Disposition: form-data; name="content"\r\n` +
        `Content-Type: text/x\r\n\r\nhello\r\n--${boundary}--\r\n`,
    });
    const first = await send('POST', `${MAIN}/objects?path=form`, form('aaa'));
    expect(first.status).toBe(201);
    const again = await send('POST', `${MAIN}/objects?path=form`, form('bbb'));
    expect(told(again)).toEqual(told(first));
  });

  it('that comes many times at once is done once, and all are told the same', async () => {
    for (const [method, path, sent] of [
      ['POST', `${MAIN}/objects?path=many`, { body: 'many' }],
      ['POST', `${MAIN}/objects?path=only`, { body: 'x', headers: { 'if-none-match': '*' } }],
      ['POST', `${MAIN}/commits`, { json: { message: 'many' } }],
      ['POST', `${LAKE}/tags`, { json: { id: 'many', ref: 'main' } }],
      ['POST', `${LAKE}/branches`, { json: { name: 'branch', source: 'main' } }],
      ['DELETE', `${LAKE}/branches/branch`, {}],
      ['DELETE', `${LAKE}/tags/many`, {}],
      ['DELETE', `${MAIN}/objects?path=many`, {}],
    ] as const) {
      const key = newKey();
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => send(method, path, { ...sent, key })),
      );
      const [first] = answers;
      expect(first?.status).toBeLessThan(300);
      for (const answer of answers) expect(told(answer)).toEqual(told(first ?? answer));
    }
    const log = JSON.parse(await get(`${LAKE}/refs/main/commits`)) as { results: unknown[] };
    const named = log.results.filter(
      (commit) => (commit as { message: string }).message === 'many',
    );
    expect(named).toHaveLength(1);
  });

  it('needs a key of 1 to 255 visible characters', async () => {
    for (const key of ['a b', 'é', 'k'.repeat(256)]) {
      const answer = await send('DELETE', `${LAKE}/tags/x`, {
        headers: { 'idempotency-key': Buffer.from(key).toString('latin1') },
      });
      expect(told(answer)).toEqual([
        400,
        '{"message":"Idempotency-Key: must be 1 to 255 visible ASCII characters"}',
      ]);
    }
    expect((await send('DELETE', `${LAKE}/tags/x`, { key: 'k'.repeat(255) })).status).toBe(404);
  });

  it('that reads is like any other', async () => {
    const key = newKey();
    expect((await send('GET', LAKE, { key })).status).toBe(200);
    const other = await send('GET', `${LAKE}/branches/main`, { key });
    expect([other.status, other.isReplayed]).toEqual([200, false]);
  });
});
