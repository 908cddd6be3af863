import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { UploadObject } from '../../src/commands/object/upload-object.js';
import { UnstageObjects } from '../../src/commands/object/unstage-objects.js';
import { DomainError } from '../../src/domain/errors.js';
import { GetRepository } from '../../src/queries/get-repository.js';
import { OpenObject } from '../../src/queries/open-object.js';
import { StatObject } from '../../src/queries/stat-object.js';
import { BASIC, bytesOf, json, type RunningEdge, runEdge } from './running-edge.js';
import { entry, repository, standIns } from './stand-ins.js';

const LAKE = '/api/v1/repositories/lake';
const UPLOAD = `${LAKE}/branches/main/objects?path=a/b`;
const OBJECT = `${LAKE}/refs/main/objects?path=a/b`;
const { namespace } = repository;

let edge: RunningEdge;
let bodies: string[];
let broken: unknown[];
const edges: RunningEdge[] = [];

beforeEach(async () => {
  edge = await runEdge(standIns);
  edges.push(edge);
  bodies = [];
  broken = [];
  edge.answer(UploadObject, async ({ upload }) => {
    const chunks: Uint8Array[] = [];
    try {
      for await (const chunk of upload.body) chunks.push(chunk);
    } catch (error) {
      broken.push(error);
      throw error;
    }
    bodies.push(Buffer.concat(chunks).toString('latin1'));
    const sizeBytes = Buffer.concat(chunks).length;
    return { ...entry, sizeBytes, contentType: upload.contentType, metadata: upload.metadata };
  });
});
afterAll(() => Promise.all(edges.map((each) => each.close())));

const post = (headers: Record<string, string>, body: RequestInit['body'] = 'hello') =>
  edge.call(UPLOAD, { method: 'POST', headers, body: body ?? null });

async function until(fact: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !fact(); tries++) await delay(10);
  expect(fact()).toBe(true);
}

describe('uploading', () => {
  it('answers with what was stored, and where', async () => {
    const headers = { 'content-type': 'text/x-foo', 'x-lakefs-meta-Kai': 'x' };
    const response = await post({ ...headers, 'X-Lakefs-Internal-client-mtime': '7' });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      path: 'a/b',
      path_type: 'object',
      physical_address: `local://lake/${entry.address}`,
      checksum: entry.checksum,
      size_bytes: 5,
      mtime: 1_700_000_002,
      metadata: { kai: 'x', '::lakefs::client-mtime': '7' },
      content_type: 'text/x-foo',
    });
    expect(bodies).toEqual(['hello']);
  });

  it('takes the part called content of a form, with its own type', async () => {
    const form = new FormData();
    form.append('other', 'first');
    form.append('content', new Blob(['hello\r\n--x'], { type: 'text/csv;charset=x' }), 'b.csv');
    form.append('content', new Blob(['second']), 'c.csv');
    const response = await edge.call(UPLOAD, { method: 'POST', body: form });
    expect(await response.json()).toMatchObject({ content_type: 'text/csv;charset=x' });
    expect(bodies).toEqual(['hello\r\n--x']);
  });

  it.each([
    ['--b\r\nContent-Disposition: form-data; name="content"\r\n\r\nabc\r\n--b--\r\n', 'abc'],
    ['--b\r\nContent-Disposition: form-data; name=content\r\n\r\n\r\n--b--', ''],
    ['pre\r\n--b\r\ncontent-disposition:form-data;name="content"\r\n\r\nx\r\n--b--\r\nafter', 'x'],
  ])('reads the form %j', async (form, content) => {
    const response = await post({ 'content-type': 'multipart/form-data; boundary="b"' }, form);
    expect([response.status, bodies]).toEqual([201, [content]]);
  });

  it.each([
    ['multipart/form-data; boundary=b', '--b--\r\n', 'content: no such part in the form'],
    ['multipart/form-data; boundary=b', '', 'content: the form ends before its last boundary'],
    [
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--b--\r\n',
      'content: no such part in the form',
    ],
    ['multipart/form-data', 'x', 'Content-Type: multipart/form-data without a boundary'],
  ])('refuses %s with the body %j', async (type, form, message) => {
    const response = await post({ 'content-type': type }, form);
    expect([response.status, await response.json()]).toEqual([400, { message }]);
    expect(bodies).toEqual([]);
  });

  it('of a form that ends in the middle of its part stores nothing', async () => {
    const form = '--b\r\nContent-Disposition: form-data; name="content"\r\n\r\nhalf of i';
    const response = await post({ 'content-type': 'multipart/form-data; boundary=b' }, form);
    expect(response.status).toBe(400);
    expect([bodies, broken.length]).toEqual([[], 1]);
  });

  it.each([
    ['raw, of a known length', 'Content-Length: 100', 'text/plain', 'hal'],
    ['raw, in chunks', 'Transfer-Encoding: chunked', 'text/plain', '3\r\nhal\r\n'],
    [
      'a form',
      'Content-Length: 200',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="content"\r\n\r\nhal',
    ],
  ])('breaks when the client goes away: %s', async (_, length, type, body) => {
    const socket = connect(edge.port, '127.0.0.1');
    socket.write(
      `POST ${UPLOAD} HTTP/1.1\r\nHost: x\r\nAuthorization: ${BASIC}\r\n` +
        `Content-Type: ${type}\r\n${length}\r\n\r\n${body}`,
    );
    await until(() => edge.seen.some((each) => each instanceof UploadObject));
    socket.destroy();
    await until(() => broken.length === 1);
    expect([bodies, edge.logged]).toEqual([[], []]);
  });

  it('is refused before its body is read, and the connection goes on', async () => {
    edge.answer(GetRepository, () => {
      throw new DomainError('repository_not_found');
    });
    const form = `--b\r\nContent-Disposition: form-data; name="content"\r\n\r\n${'x'.repeat(3e6)}\r\n--b--`;
    for (const type of ['text/plain', 'multipart/form-data; boundary=b']) {
      const response = await post({ 'content-type': type }, form);
      expect([response.status, await response.json()]).toEqual([
        404,
        { message: 'repository not found' },
      ]);
    }
    expect(edge.seen.some((each) => each instanceof UploadObject)).toBe(false);
  });

  it('that fails half way is answered, and the connection goes on', async () => {
    edge.answer(UploadObject, async ({ upload }) => {
      for await (const _ of upload.body) throw new DomainError('store_busy');
    });
    const form = `--b\r\nContent-Disposition: form-data; name="content"\r\n\r\n${'x'.repeat(3e6)}\r\n--b--`;
    for (const type of ['text/plain', 'multipart/form-data; boundary=b']) {
      const response = await post({ 'content-type': type }, form);
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
      await response.arrayBuffer();
      expect((await edge.call('/api/v1/config')).status).toBe(200);
    }
  });

  it.each(['text/plain', 'multipart/form-data; boundary=b'])(
    'reads the client no faster than the store takes it: %s',
    async (type) => {
      const gate = Promise.withResolvers<void>();
      edge.answer(UploadObject, async ({ upload }) => {
        let sizeBytes = 0;
        for await (const chunk of upload.body) {
          if (sizeBytes === 0) await gate.promise;
          sizeBytes += chunk.length;
        }
        return { ...entry, sizeBytes };
      });
      const sent = request(edge.url + UPLOAD, {
        method: 'POST',
        headers: { authorization: BASIC, 'content-type': type },
      });
      sent.write('--b\r\nContent-Disposition: form-data; name="content"\r\n\r\n');
      const chunk = Buffer.alloc(1024 * 1024);
      let writtenMiB = 0;
      while (writtenMiB < 64 && sent.write(chunk)) writtenMiB++;
      // The kernel's buffers hold some; then nothing drains until the store goes on.
      let drains = 0;
      sent.on('drain', () => {
        if (++drains < 64) sent.write(chunk);
      });
      await until(() => edge.seen.some((each) => each instanceof UploadObject));
      await delay(300);
      expect(drains).toBeLessThan(40);
      gate.resolve();
      await until(() => drains >= 64);
      sent.end('\r\n--b--');
      const [response] = (await once(sent, 'response')) as [
        NodeJS.ReadableStream & { statusCode: number },
      ];
      expect(response.statusCode).toBe(201);
      response.resume();
    },
  );

  it.each([
    ['If-Match', '"x"'],
    ['If-None-Match', '*'],
    ['If-None-Match', '"x"'],
    ['If-Unmodified-Since', 'Sat, 21 Nov 2026 09:40:18 GMT'],
    ['Idempotency-Key', 'k'],
  ])('with %s: %s is refused, not done without', async (name, value) => {
    const response = await post({ [name]: value });
    expect(response.status).toBe(501);
    const { message } = (await response.json()) as { message: string };
    expect(message.toLowerCase()).toBe(`not implemented: ${name.toLowerCase()}`);
    expect(bodies).toEqual([]);
  });

  it('may be forced', async () => {
    await edge.call(`${UPLOAD}&force=true&storageClass=STANDARD`, { method: 'POST', body: 'x' });
    expect(edge.last(UploadObject).upload.isForced).toBe(true);
  });
});

describe('reading an object', () => {
  const found = (changes: object) => () => ({ entry: { ...entry, ...changes }, namespace });

  it('gives its bytes, and keeps them from caches, frames and scripts', async () => {
    const response = await edge.call(OBJECT);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('hello');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cache-control': 'no-store, must-revalidate',
      'content-disposition': 'inline',
      'content-length': '5',
      'content-security-policy': "default-src 'none'",
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

  it('says nothing more when the client has it already', async () => {
    const headers = { 'if-none-match': `"${entry.checksum}"` };
    const response = await edge.call(OBJECT, { headers });
    expect([response.status, await response.text()]).toEqual([304, '']);
    expect(edge.seen.some((each) => each instanceof OpenObject)).toBe(false);
    const other = await edge.call(OBJECT, { headers: { 'if-none-match': '"other"' } });
    expect(other.status).toBe(200);
  });

  it.each(['If-Match', 'If-Range', 'If-Unmodified-Since'])('refuses %s', async (name) => {
    const response = await edge.call(OBJECT, { headers: { [name]: '"x"' } });
    expect(response.status).toBe(501);
  });

  it.each(['objects?path=a&', 'objects/stat?path=a&', 'objects/ls?'])(
    'by a URL of its own is refused: %s',
    async (route) => {
      const response = await edge.call(`${LAKE}/refs/main/${route}presign=true`);
      expect([response.status, await response.json()]).toEqual([
        400,
        { message: 'local adapter presigned URL: operation not supported' },
      ]);
    },
  );

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
    expect(edge.logged).toEqual(['an answer broke off in the middle of an object']);
    edge.answer(OpenObject, () => bytesOf('hello'));
    expect(await (await edge.call(OBJECT)).text()).toBe('hello');
  });

  it('with too many bytes is not given at all', async () => {
    edge.answer(OpenObject, () => bytesOf('hello, world'));
    const response = await edge.call(OBJECT);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('hello');
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
  const head = (headers: Record<string, string> = {}) =>
    edge.call(OBJECT, { method: 'HEAD', headers });

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
    [Array.from({ length: 1001 }, (_, at) => `p${at}`), 'more than 1000 paths in one request'],
    ['a', 'paths: must be an array'],
    [[5], 'paths[0]: must be a string'],
  ])('is refused: %#', async (paths, message) => {
    const response = await remove(paths);
    expect([response.status, await response.json()]).toEqual([400, { message }]);
  });

  it('takes one by its path', async () => {
    const response = await edge.call(UPLOAD, { method: 'DELETE' });
    expect([response.status, edge.last(UnstageObjects).paths]).toEqual([204, ['a/b']]);
  });
});
