import { Readable } from 'node:stream';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { UnstageObjects } from '../../src/commands/object/unstage-objects.js';
import { DomainError } from '../../src/domain/errors.js';
import { OpenObject, ReadSmallObject } from '../../src/queries/open-object.js';
import { StatObject } from '../../src/queries/stat-object.js';
import { bytesOf, json, type RunningEdge, runEdge, until } from './running-edge.js';
import { entry, repository, standIns } from './stand-ins.js';

const LAKE = '/api/v1/repositories/lake';
const OBJECT = `${LAKE}/refs/main/objects?path=a/b`;

let edge: RunningEdge;
const edges: RunningEdge[] = [];
beforeEach(async () => {
  edge = await runEdge(standIns);
  edges.push(edge);
});
afterAll(() => Promise.all(edges.map((each) => each.close())));

/** What a look for an object finds, with some of it changed. */
const found = (changes: object) => () => ({
  entry: { ...entry, ...changes },
  namespace: repository.namespace,
});
const head = (headers: Record<string, string> = {}) =>
  edge.call(OBJECT, { method: 'HEAD', headers });

describe('reading an object', () => {
  it('gives its bytes, and keeps them from caches, frames and scripts', async () => {
    const response = await edge.call(OBJECT);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('hello');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cache-control': 'no-store, must-revalidate',
      'content-disposition': 'inline',
      'content-length': '5',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-type': 'text/plain',
      etag: '"5d41402abc4b2a76b9719d911017c592"',
      expires: '0',
      'last-modified': 'Tue, 14 Nov 2023 22:13:22 GMT',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
    });
    expect(response.headers.has('accept-ranges')).toBe(false);
  });

  it.each([
    ['application/octet-stream', 'attachment'],
    ['application/x-sh', 'attachment'],
    ['image/png', 'inline'],
    ['text/html', 'attachment'],
    ['text/html; charset=utf-8', 'attachment'],
    ['Text/HTML', 'attachment'],
    ['application/xhtml+xml', 'attachment'],
    ['image/svg+xml', 'attachment'],
    ['text/xml', 'attachment'],
  ])('of the type %s is an %s', async (contentType, disposition) => {
    edge.answer(StatObject, found({ contentType }));
    const { headers } = await edge.call(OBJECT);
    expect([headers.get('content-type'), headers.get('content-disposition')]).toEqual([
      contentType,
      disposition,
    ]);
  });

  it('of an impossible type or checksum is sent as bytes', async () => {
    edge.answer(StatObject, found({ contentType: 'a\r\nSet-Cookie: x', checksum: 'a\n"b' }));
    const { status, headers } = await edge.call(OBJECT);
    expect([status, headers.get('content-type'), headers.get('etag')]).toEqual([
      200,
      'application/octet-stream',
      '""',
    ]);
  });

  it('gives the nothing of an empty object', async () => {
    edge.answer(StatObject, found({ sizeBytes: 0 }));
    edge.answer(OpenObject, () => Readable.from([]));
    const response = await edge.call(OBJECT);
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(response.headers.get('content-length')).toBe('0');
  });

  it('gives one range', async () => {
    const response = await edge.call(OBJECT, { headers: { range: 'bytes=1-2' } });
    expect([response.status, await response.text()]).toEqual([206, 'el']);
    expect(response.headers.get('content-range')).toBe('bytes 1-2/5');
    expect(response.headers.get('content-length')).toBe('2');
    expect(edge.last(OpenObject).range).toEqual({ start: 1, end: 2 });
  });

  it.each([
    ['bytes=9-', 'bytes */5'],
    ['bytes=0-1,3-4', null],
  ])('refuses the range %s', async (range, contentRange) => {
    const response = await edge.call(OBJECT, { headers: { range } });
    expect([response.status, await response.json()]).toEqual([
      416,
      { message: 'Requested Range Not Satisfiable' },
    ]);
    expect(response.headers.get('content-range')).toBe(contentRange);
  });

  it('without a checksum is not known by its tag, which others have too', async () => {
    edge.answer(StatObject, found({ checksum: '' }));
    const ranged = await head({ range: 'bytes=1-2', 'if-range': '""' });
    expect([ranged.status, ranged.headers.get('etag')]).toEqual([200, '""']);
    expect((await head({ 'if-none-match': '""' })).status).toBe(200);
  });

  it('says nothing more when the client has it already', async () => {
    const headers = { 'if-none-match': `"${entry.checksum}"` };
    const response = await edge.call(OBJECT, { headers });
    expect([response.status, await response.text()]).toEqual([304, '']);
    expect(edge.seen.some((each) => each instanceof OpenObject)).toBe(false);
    const other = await edge.call(OBJECT, { headers: { 'if-none-match': '"other"' } });
    expect(other.status).toBe(200);
  });

  it.each(['If-Match', 'If-Unmodified-Since'])('refuses %s', async (name) => {
    const response = await edge.call(OBJECT, { headers: { [name]: '"x"' } });
    expect(response.status).toBe(501);
  });

  it('gives the bytes of a small one that are at hand, with the same headers', async () => {
    const streamed = await edge.call(OBJECT);
    edge.answer(ReadSmallObject, () => Buffer.from('small'));
    const whole = await edge.call(OBJECT);
    expect(await whole.text()).toBe('small');
    const told = ({ headers }: Response) =>
      [...headers].filter(([name]) => name !== 'date' && name !== 'x-request-id');
    expect(told(whole)).toEqual(told(streamed));
    const part = await edge.call(OBJECT, { headers: { range: 'bytes=1-2' } });
    expect(part.status).toBe(206);
  });

  it('that lost its bytes is gone', async () => {
    edge.answer(OpenObject, () => {
      throw new DomainError('object_data_missing');
    });
    const response = await edge.call(OBJECT);
    expect([response.status, await response.json()]).toEqual([410, { message: 'No data' }]);
    expect(response.headers.get('content-type')).toBe('application/json');
  });

  it.each([
    ['too few bytes', () => bytesOf('hel')],
    [
      'an error',
      () =>
        Readable.from(
          (function* () {
            yield Buffer.from('he');
            throw new Error('the disk is gone');
          })(),
        ),
    ],
  ])('with %s breaks off, so that nobody takes it for whole', async (_, bytes) => {
    edge.answer(OpenObject, bytes);
    await expect(edge.call(OBJECT).then((response) => response.text())).rejects.toThrow();
    expect(edge.logged.join()).toMatch(/^an answer broke off in the middle of an object: /);
    edge.answer(OpenObject, () => bytesOf('hello'));
    expect(await (await edge.call(OBJECT)).text()).toBe('hello');
  });

  it('with too many bytes is not given at all', async () => {
    edge.answer(OpenObject, () => bytesOf('hello, world'));
    const response = await edge.call(OBJECT);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('hello');
    expect(response.headers.has('etag')).toBe(false);
  });

  it('stops reading the store when the client goes away', async () => {
    let isDestroyed = false;
    edge.answer(StatObject, found({ sizeBytes: 1e9 }));
    edge.answer(
      OpenObject,
      () =>
        new Readable({
          read() {
            this.push(Buffer.alloc(64 * 1024));
          },
          destroy(_error, done) {
            isDestroyed = true;
            done(null);
          },
        }),
    );
    const gone = new AbortController();
    const response = await edge.call(OBJECT, { signal: gone.signal });
    gone.abort();
    await response.body?.cancel().catch(() => {});
    await until(() => isDestroyed);
  });
});

describe('the head of an object', () => {
  it('is its headers, with its length', async () => {
    const response = await head();
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'accept-ranges': 'bytes',
      'content-length': '5',
      'content-type': 'text/plain',
      etag: `"${entry.checksum}"`,
    });
    expect(edge.seen.some((each) => each instanceof OpenObject)).toBe(false);
  });

  it('of a range has the length of that', async () => {
    const response = await head({ range: 'bytes=1-2' });
    expect([response.status, response.headers.get('content-length')]).toEqual([206, '2']);
    expect((await head({ range: 'bytes=9-' })).status).toBe(416);
  });

  it('of a range is that of all when the client has a part of another object', async () => {
    const of = async (tag: string) => {
      const response = await head({ range: 'bytes=1-2', 'if-range': tag });
      return [response.status, response.headers.get('content-length')];
    };
    expect(await of(`"${entry.checksum}"`)).toEqual([206, '2']);
    expect(await of('"another"')).toEqual([200, '5']);
    expect(await of('Sun, 06 Nov 2094 08:49:37 GMT')).toEqual([200, '5']);
  });

  it('says nothing more when the client has it already', async () => {
    const response = await head({ 'if-none-match': `"${entry.checksum}"` });
    expect([response.status, response.headers.get('etag')]).toEqual([304, `"${entry.checksum}"`]);
    expect((await head({ 'if-match': '"x"' })).status).toBe(501);
  });

  it('of what is not there has no body', async () => {
    edge.answer(StatObject, () => {
      throw new DomainError('object_not_found');
    });
    const response = await head();
    expect([response.status, await response.text()]).toEqual([404, '']);
  });
});

describe('deleting objects', () => {
  const DELETE = `${LAKE}/branches/main/objects/delete`;
  const remove = (paths: unknown) => edge.call(DELETE, json({ paths }));

  it('deletes all in one command', async () => {
    const response = await edge.call(`${DELETE}?force=true`, json({ paths: ['a', 'b', ''] }));
    expect([response.status, await response.json()]).toEqual([200, { errors: [] }]);
    const { paths, options } = edge.last(UnstageObjects);
    expect([paths, options]).toEqual([['a', 'b'], { isForced: true }]);
  });

  it('of nothing asks nobody', async () => {
    expect((await remove([])).status).toBe(200);
    expect(edge.seen).toEqual([]);
  });

  it('says which path was refused, and deletes the others', async () => {
    const long = 'x'.repeat(1025);
    expect(await (await remove(['a', long])).json()).toEqual({
      errors: [{ path: long, status_code: 400, message: 'paths[1]: over 1024 bytes' }],
    });
    expect(edge.last(UnstageObjects).paths).toEqual(['a']);
  });

  it('says of each path that it is protected', async () => {
    edge.answer(UnstageObjects, () => {
      throw new DomainError('protected_branch_write');
    });
    const message = 'cannot write to protected branch';
    const response = await remove(['a', 'b']);
    expect([response.status, await response.json()]).toEqual([
      200,
      { errors: ['a', 'b'].map((path) => ({ path, status_code: 403, message })) },
    ]);
  });

  it('fails where there is no branch', async () => {
    edge.answer(UnstageObjects, () => {
      throw new DomainError('branch_not_found');
    });
    expect((await remove(['a'])).status).toBe(404);
  });

  it.each([
    [
      Array.from({ length: 1001 }, (_, at) => `p${at}`),
      new DomainError('path_too_many', { max: 1000 }).message,
    ],
    ['a', 'paths: must be an array'],
    [[5], 'paths[0]: must be a string'],
  ])('is refused: %#', async (paths, message) => {
    const response = await remove(paths);
    expect([response.status, await response.json()]).toEqual([400, { message }]);
  });

  it('takes one by its path', async () => {
    const response = await edge.call(`${LAKE}/branches/main/objects?path=a/b`, {
      method: 'DELETE',
    });
    expect([response.status, edge.last(UnstageObjects).paths]).toEqual([204, ['a/b']]);
  });
});
