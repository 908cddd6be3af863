import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seed } from '../support/seed.js';
import { json } from './running-edge.js';
import { ADDRESS_TTL_MS, PRESIGN_TTL_MS, type SignedNode, signedNodes } from './signed-app.js';

let nodes: Awaited<ReturnType<typeof signedNodes>>;
let node: SignedNode;
beforeAll(async () => {
  nodes = await signedNodes();
  node = nodes.node;
}, 30_000);
afterAll(() => nodes.close());

const SAVED_AS = `filename="_ _1_.txt"; filename*=UTF-8''%C3%A9%20%221%22.txt`;
const MD5 = '5d41402abc4b2a76b9719d911017c592';
const at = (path: string) => `path=${encodeURIComponent(path)}`;
const upload = (path: string, body = 'hello', type = 'text/plain') =>
  node.call(`/repositories/lake/branches/main/objects?${at(path)}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body,
  });
interface Stats {
  readonly path: string;
  readonly physical_address: string;
  readonly physical_address_expiry?: number;
  readonly checksum: string;
  readonly size_bytes: number;
  readonly mtime: number;
}
const stat = async (path: string, query = '') =>
  (await node.ask<Stats>(`/repositories/lake/refs/main/objects/stat?${at(path)}${query}`))[1];
const readUrl = async (path: string) => (await stat(path, '&presign=true')).physical_address;

interface Location {
  readonly physical_address: string;
  readonly presigned_url: string;
  readonly presigned_url_expiry: number;
}
const BACKING = '/repositories/lake/branches/main/staging/backing';
const issue = async (path: string): Promise<Location> =>
  (await node.ask<Location>(`${BACKING}?${at(path)}&presign=true`))[1];
const put = (
  url: string,
  body: NonNullable<RequestInit['body']> = 'hello',
  headers: Record<string, string> = {},
) => fetch(url, { method: 'PUT', body, headers });
const link = (
  path: string,
  physical_address: string,
  more: object = {},
  headers: Record<string, string> = {},
) => {
  const body = { staging: { physical_address }, checksum: MD5, size_bytes: 5, ...more };
  const init = json(body, 'PUT');
  const all = { ...init.headers, ...headers };
  return node.ask(`${BACKING}?${at(path)}`, { ...init, headers: all });
};
const bytesAt = async (path: string) =>
  (await node.call(`/repositories/lake/refs/main/objects?${at(path)}`)).text();
const message = async (response: Response) => [
  response.status,
  ((await response.json()) as { message: string }).message,
];

describe('a presigned URL of an object', () => {
  it('is read by anybody, whole, in part, and as a head', async () => {
    await upload('a/é "1".txt');
    const url = await readUrl('a/é "1".txt');
    expect(url.startsWith(`${node.url}/_blocks/local/lake-`)).toBe(true);
    const { mtime } = await stat('a/é "1".txt');
    const whole = await fetch(url);
    expect([whole.status, await whole.text()]).toEqual([200, 'hello']);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      etag: `"${MD5}"`,
      'content-type': 'text/plain',
      'content-length': '5',
      'accept-ranges': 'bytes',
      'last-modified': new Date(mtime * 1000).toUTCString(),
      'content-disposition': `attachment; ${SAVED_AS}`,
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    });
    const part = await fetch(url, { headers: { range: 'bytes=1-3' } });
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([
      206,
      'ell',
      'bytes 1-3/5',
    ]);
    expect((await fetch(url, { headers: { range: 'bytes=9-' } })).status).toBe(416);
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '5']);
    const known = await fetch(url, { headers: { 'if-none-match': `"${MD5}"` } });
    expect(known.status).toBe(304);
  });

  it('is where a presigned read leads to, and what a listing shows', async () => {
    await upload('list/a');
    const redirect = await node.call(
      `/repositories/lake/refs/main/objects?${at('list/a')}&presign=true`,
    );
    expect(redirect.status).toBe(302);
    expect(await (await fetch(redirect.headers.get('location') ?? '')).text()).toBe('hello');
    const [, page] = await node.ask<{ results: Stats[] }>(
      '/repositories/lake/refs/main/objects/ls?prefix=list/&presign=true',
    );
    const [object] = page.results;
    expect(object?.physical_address_expiry).toBe((nodes.clock.ms + PRESIGN_TTL_MS) / 1000);
    expect(await (await fetch(object?.physical_address ?? '')).text()).toBe('hello');
  });

  it('is refused from its last moment on', async () => {
    await upload('old');
    const url = await readUrl('old');
    const { presigned_url } = await issue('old');
    nodes.clock.ms += PRESIGN_TTL_MS - 1;
    expect((await fetch(url)).status).toBe(200);
    nodes.clock.ms += 1;
    expect(await message(await fetch(url))).toEqual([403, 'presigned URL has expired']);
    expect(await message(await put(presigned_url))).toEqual([403, 'presigned URL has expired']);
  });

  it('is good on every node with the same secret key, and on no other', async () => {
    await upload('shared');
    const url = new URL(await readUrl('shared'));
    const twin = await nodes.start(undefined, 'https://lake.example');
    const stranger = await nodes.start('another secret key for tests');
    expect((await fetch(twin.url + url.pathname + url.search)).status).toBe(200);
    expect((await fetch(stranger.url + url.pathname + url.search)).status).toBe(403);
    const stats = `/repositories/lake/refs/main/objects/stat?path=shared&presign=true`;
    const [, { physical_address }] = await twin.ask<Stats>(stats);
    expect(physical_address.startsWith('https://lake.example/_blocks/local/')).toBe(true);
  });

  it('is of an object in another store not to be had', async () => {
    const object = { physical_address: 'local://elsewhere/x', checksum: 'x', size_bytes: 1 };
    const stage = `/repositories/lake/branches/main/objects?path=foreign/x`;
    expect((await node.ask(stage, json(object, 'PUT')))[0]).toBe(201);
    expect((await fetch(await readUrl('foreign/x'))).status).toBe(404);
  });

  it('allows what it says and nothing else: no other method, place, time or answer', async () => {
    await upload('mine');
    await upload('yours', 'a secret');
    const read = await readUrl('mine');
    const other = new URL(await readUrl('yours')).pathname;
    const { presigned_url: write } = await issue('mine');
    const moved = new URL(read);
    moved.pathname = other;
    expect((await fetch(moved)).status).toBe(403);
    expect((await put(read)).status).toBe(403);
    expect((await fetch(write)).status).toBe(403);
    for (const [name, value] of [
      ['X-Amz-Expires', '99999999'],
      ['X-Amz-Date', '20990101T000000Z'],
      ['response-content-type', 'text/html'],
      ['response-content-disposition', 'inline'],
      ['checksum', 'x'],
      ['modified', '1'],
      ['signature', ''],
    ] as const) {
      const changed = new URL(read);
      changed.searchParams.set(name, value);
      expect([name, (await fetch(changed)).status]).toEqual([name, 403]);
      changed.searchParams.delete(name);
      expect([name, (await fetch(changed)).status]).toEqual([name, 403]);
      const twice = `${read}&${name}=${encodeURIComponent(value)}`;
      expect([name, (await fetch(twice)).status]).toEqual([name, 400]);
    }
  });

  it(`is refused when any character of it was changed (SEED=${seed})`, async () => {
    await upload('forged');
    const read = new URL(await readUrl('forged'));
    const text = read.pathname + read.search;
    const from = '/_blocks/'.length;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: from, max: text.length - 1 }),
        fc.constantFrom(...'0aZ_-%/.&='),
        async (place, character) => {
          const changed = text.slice(0, place) + character + text.slice(place + 1);
          if (sameMeaning(changed, text)) return;
          const { status } = await fetch(read.origin + changed);
          expect([400, 403, 404]).toContain(status);
        },
      ),
      { seed, numRuns: 300 },
    );
  });
});

/** Two ways to write one URL: an escape in another case, a character escaped or not. */
function sameMeaning(left: string, right: string): boolean {
  try {
    const [a, b] = [left, right].map((text) => {
      const { pathname, searchParams } = new URL(text, 'http://x');
      return JSON.stringify([decodeURIComponent(pathname), [...searchParams].sort()]);
    });
    return a === b;
  } catch {
    return false;
  }
}

describe('an issued address', () => {
  it('takes a body by its URL, and then a link', async () => {
    const { physical_address, presigned_url, presigned_url_expiry } = await issue('n/1');
    expect(physical_address).toMatch(
      /^local:\/\/lake-[\da-f]+\/data\/[\da-v]{20}\/[\da-v]{20},[\w-]{43}$/,
    );
    expect(presigned_url_expiry).toBe((nodes.clock.ms + PRESIGN_TTL_MS) / 1000);
    const stored = await put(presigned_url, 'hello', { 'content-type': 'multipart/form-data' });
    expect([stored.status, stored.headers.get('etag'), await stored.text()]).toEqual([
      200,
      `"${MD5}"`,
      '',
    ]);
    const linked = await link('n/1', physical_address, {
      checksum: `"${MD5}"`,
      content_type: 'text/csv',
      user_metadata: { k: 'v' },
    });
    expect(linked).toMatchObject([
      200,
      {
        path: 'n/1',
        physical_address,
        checksum: MD5,
        size_bytes: 5,
        content_type: 'text/csv',
        metadata: { k: 'v' },
      },
    ]);
    expect(await bytesAt('n/1')).toBe('hello');
  });

  it('keeps the first body: the same again is answered again, another is refused', async () => {
    const { physical_address, presigned_url } = await issue('n/2');
    const first = await Promise.all(['hello', 'world'].map((body) => put(presigned_url, body)));
    expect(first.map(({ status }) => status).sort()).toEqual([200, 409]);
    const winner = first[0]?.status === 200 ? 'hello' : 'world';
    expect((await put(presigned_url, winner)).status).toBe(200);
    const checksum = (await put(presigned_url, winner)).headers.get('etag');
    expect((await link('n/2', physical_address, { checksum }))[0]).toBe(200);
    expect((await put(presigned_url, 'later')).status).toBe(409);
    expect(await bytesAt('n/2')).toBe(winner);
  });

  it('takes no body that is not what its own header says', async () => {
    const { presigned_url } = await issue('n/3');
    const md5 = (hex: string) => ({ 'content-md5': Buffer.from(hex, 'hex').toString('base64') });
    expect((await put(presigned_url, 'hullo', md5(MD5))).status).toBe(400);
    expect((await put(presigned_url, 'hello', md5(MD5))).status).toBe(200);
  });

  it('is linked once, by however many at once, and a repeat is answered again', async () => {
    const { physical_address, presigned_url } = await issue('n/4');
    await put(presigned_url);
    const answers = await Promise.all([1, 2, 3, 4].map(() => link('n/4', physical_address)));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]?.[0]).toBe(200);
    expect(await link('n/4', physical_address, { content_type: 'text/other' })).toEqual([
      400,
      { message: 'address was linked before: link address invalid' },
    ]);
    const gone = { method: 'DELETE' };
    const object = `/repositories/lake/branches/main/objects?path=n/4`;
    expect((await node.call(object, gone)).status).toBe(204);
    // The answer to the first link, not a second one.
    expect(await link('n/4', physical_address)).toEqual(answers[0]);
    const stats = await node.call(`/repositories/lake/refs/main/objects/stat?path=n/4`);
    expect(stats.status).toBe(404);
  });

  it('is linked where nothing is, when that is asked for, also on a repeat', async () => {
    const absent = { 'if-none-match': '*' };
    const first = await issue('n/5');
    await put(first.presigned_url);
    expect((await link('n/5', first.physical_address, {}, absent))[0]).toBe(200);
    expect((await link('n/5', first.physical_address, {}, absent))[0]).toBe(200);
    const second = await issue('n/5');
    await put(second.presigned_url);
    expect(await link('n/5', second.physical_address, {}, absent)).toEqual([
      412,
      { message: 'path already exists' },
    ]);
    expect((await link('n/5', second.physical_address))[0]).toBe(200);
  });

  it('is linked as what was stored there, or not at all', async () => {
    const { physical_address, presigned_url } = await issue('n/6');
    await put(presigned_url);
    expect(await link('n/6', physical_address, { checksum: 'f'.repeat(32) })).toEqual([
      400,
      { message: 'checksum: is not that of the stored body' },
    ]);
    expect((await link('n/6', physical_address, { size_bytes: 6 }))[0]).toBe(400);
    expect(await link('n/6', physical_address, { checksum: '""' })).toEqual([
      400,
      { message: 'checksum: is required' },
    ]);
    expect((await link('n/6', physical_address))[0]).toBe(200);
  });

  it('may be linked before anything is stored there', async () => {
    const { physical_address } = await issue('n/7');
    expect((await link('n/7', physical_address))[0]).toBe(200);
    expect((await node.call('/repositories/lake/refs/main/objects?path=n/7')).status).toBe(410);
  });

  it('is good for one repository, branch and path, on every node, for a day', async () => {
    const { physical_address } = await issue('n/8');
    const forged = [400, { message: 'invalid address signature: invalid address' }];
    expect(await link('n/9', physical_address)).toEqual(forged);
    const branch = json({ name: 'other', source: 'main' });
    expect((await node.call('/repositories/lake/branches', branch)).status).toBe(201);
    const body = { staging: { physical_address }, checksum: MD5, size_bytes: 5 };
    const elsewhere = '/repositories/lake/branches/other/staging/backing?path=n/8';
    expect(await node.ask(elsewhere, json(body, 'PUT'))).toEqual(forged);
    const unsigned = physical_address.slice(0, physical_address.indexOf(','));
    expect(await link('n/8', unsigned)).toEqual([
      400,
      { message: 'address is not signed: link address invalid' },
    ]);
    const twin = await nodes.start();
    nodes.clock.ms += ADDRESS_TTL_MS;
    const here = `${BACKING}?path=n/8`;
    expect((await twin.ask(here, json(body, 'PUT')))[0]).toBe(200);
    const late = await issue('n/8');
    nodes.clock.ms += ADDRESS_TTL_MS + 1;
    expect(await link('n/8', late.physical_address)).toEqual([
      400,
      { message: 'link address expired' },
    ]);
  });

  it(`is refused when any character of it was changed (SEED=${seed})`, async () => {
    const { physical_address } = await issue('n/10');
    const from = physical_address.indexOf('data/');
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: from, max: physical_address.length - 1 }),
        fc.constantFrom(...'0aZ_-,/'),
        async (place, character) => {
          if (physical_address[place] === character) return;
          const changed =
            physical_address.slice(0, place) + character + physical_address.slice(place + 1);
          expect((await link('n/10', changed))[0]).toBe(400);
        },
      ),
      { seed, numRuns: 200 },
    );
  });

  it('outside the namespace is staged as it is, and needs no word of ours', async () => {
    expect(await link('n/11', 'local://elsewhere/x')).toMatchObject([
      200,
      { physical_address: 'local://elsewhere/x' },
    ]);
    expect((await link('n/11', 's3://bucket/x'))[0]).toBe(400);
  });
});

describe('a range and a metarange', () => {
  it('are read as they are stored, and by a URL of their own', async () => {
    await upload('committed');
    const [, { meta_range_id }] = await node.ask<{ meta_range_id: string }>(
      '/repositories/lake/branches/main/commits',
      json({ message: 'for its tree' }),
    );
    const object = `/repositories/lake/metadata/object/meta_range/${meta_range_id}`;
    const plain = await node.call(object);
    const bytes = Buffer.from(await plain.arrayBuffer());
    expect([plain.status, plain.headers.get('content-type')]).toEqual([
      200,
      'application/octet-stream',
    ]);
    const redirect = await node.call(`${object}?presign=true`);
    expect(redirect.status).toBe(302);
    const again = await fetch(redirect.headers.get('location') ?? '');
    expect(Buffer.from(await again.arrayBuffer()).equals(bytes)).toBe(true);
    expect(await node.ask(`/repositories/lake/metadata/meta_range/${meta_range_id}`)).toEqual([
      200,
      { location: `_lakefs/${meta_range_id}` },
    ]);
    const missing = 'ab'.repeat(32);
    expect((await node.call(`/repositories/lake/metadata/object/range/${missing}`)).status).toBe(
      410,
    );
    expect((await node.call(`/repositories/lake/metadata/object/tree/${missing}`)).status).toBe(
      400,
    );
    expect((await node.call(`/repositories/lake/metadata/object/range/..%2Fdata`)).status).toBe(
      400,
    );
  });
});
