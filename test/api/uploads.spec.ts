import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { UploadObject } from '../../src/commands/object/upload-object.js';
import { DomainError } from '../../src/domain/errors.js';
import { BASIC, type RunningEdge, runEdge, until } from './running-edge.js';
import { entry, repository, standIns } from './stand-ins.js';

const LAKE = '/api/v1/repositories/lake';
const UPLOAD = `${LAKE}/branches/main/objects?path=a/b`;

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
    const { contentType, metadata } = upload;
    const { namespace } = repository;
    return { entry: { ...entry, sizeBytes, contentType, metadata }, namespace };
  });
});
afterAll(() => Promise.all(edges.map((each) => each.close())));

const post = (headers: Record<string, string>, body: RequestInit['body'] = 'hello') =>
  edge.call(UPLOAD, { method: 'POST', headers, body: body ?? null });

/** More than any buffer on the way holds. */
const longForm =
  '--b\r\nContent-Disposition: form-data; name="content"\r\n\r\n' +
  `${'x'.repeat(3_000_000)}\r\n--b--`;

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
    edge.answer(UploadObject, () => {
      throw new DomainError('repository_not_found');
    });
    for (const type of ['text/plain', 'multipart/form-data; boundary=b']) {
      const response = await post({ 'content-type': type }, longForm);
      expect([response.status, await response.json()]).toEqual([
        404,
        { message: 'repository not found' },
      ]);
    }
    expect(bodies).toEqual([]);
  });

  it('that fails half way is answered, and the connection goes on', async () => {
    edge.answer(UploadObject, async ({ upload }) => {
      for await (const _ of upload.body) throw new DomainError('store_busy');
    });
    for (const type of ['text/plain', 'multipart/form-data; boundary=b']) {
      const response = await post({ 'content-type': type }, longForm);
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
        return { entry: { ...entry, sizeBytes }, namespace: repository.namespace };
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
    ['If-None-Match', '"x"'],
    ['If-Unmodified-Since', 'Sat, 21 Nov 2026 09:40:18 GMT'],
  ])('with %s: %s is refused, not done without', async (name, value) => {
    const response = await post({ [name]: value });
    expect(response.status).toBe(501);
    const { message } = (await response.json()) as { message: string };
    expect(message.toLowerCase()).toContain(`not implemented: ${name.toLowerCase()}`);
    expect(bodies).toEqual([]);
  });

  it('may be forced', async () => {
    await edge.call(`${UPLOAD}&force=true&storageClass=STANDARD`, { method: 'POST', body: 'x' });
    expect(edge.last(UploadObject).upload.isForced).toBe(true);
  });
});
