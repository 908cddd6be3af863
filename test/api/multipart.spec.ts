import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StorageNamespace } from '../../src/domain/model.js';
import { json } from './running-edge.js';
import { ADDRESS_TTL_MS, PRESIGN_TTL_MS, type SignedNode, signedNodes } from './signed-app.js';

let nodes: Awaited<ReturnType<typeof signedNodes>>;
let node: SignedNode;
beforeAll(async () => {
  nodes = await signedNodes();
  node = nodes.node;
}, 30_000);
afterAll(() => nodes.close());

const PART_BYTES_MIN = 5 * 1024 * 1024;
const md5 = (body: Uint8Array) => createHash('md5').update(body).digest();
const large = (fill: number) => Buffer.alloc(PART_BYTES_MIN, fill);
const small = Buffer.from('the last part');

const PMPU = '/repositories/lake/branches/main/staging/pmpu';
interface Upload {
  readonly path: string;
  readonly upload_id: string;
  readonly physical_address: string;
  readonly presigned_urls?: readonly string[];
}
async function begin(path: string, parts = 0): Promise<Upload> {
  const query = parts > 0 ? `&parts=${parts}` : '';
  const [status, upload] = await node.ask<Upload>(`${PMPU}?path=${path}${query}`, {
    method: 'POST',
  });
  expect(status).toBe(201);
  return { ...upload, path };
}
const put = async (url: string | undefined, body: NonNullable<RequestInit['body']>) => {
  const response = await fetch(url ?? '', { method: 'PUT', body });
  return { status: response.status, etag: response.headers.get('etag') ?? '' };
};
const at = ({ upload_id, path }: Upload, more = '') => `${PMPU}/${upload_id}${more}?path=${path}`;
const partUrl = async (upload: Upload, number: number) => {
  const body = json({ physical_address: upload.physical_address }, 'PUT');
  const answer = await node.ask<{ presigned_url: string }>(at(upload, `/parts/${number}`), body);
  expect(answer[0]).toBe(200);
  return answer[1].presigned_url;
};
const complete = (
  upload: Upload,
  parts: readonly (readonly [number: number, etag: string])[],
  more: object = {},
) => {
  const list = parts.map(([part_number, etag]) => ({ part_number, etag }));
  const body = { physical_address: upload.physical_address, parts: list, ...more };
  return node.ask<{ message: string }>(at(upload), json(body, 'PUT'));
};
const abort = ({ physical_address, ...upload }: Upload) =>
  node.call(at({ physical_address, ...upload }), json({ physical_address }, 'DELETE'));
const bytesOf = async (path: string) =>
  Buffer.from(
    await (await node.call(`/repositories/lake/refs/main/objects?path=${path}`)).arrayBuffer(),
  );
interface Lake {
  readonly storage_namespace: StorageNamespace;
}
async function keysUnder(prefix: string): Promise<string[]> {
  const [, lake] = await node.ask<Lake>('/repositories/lake');
  const keys: string[] = [];
  const found = nodes.adapters.blocks.list(lake.storage_namespace, { prefix, after: '' });
  for await (const { key } of found) keys.push(key);
  return keys;
}
const blocksUnder = async (prefix: string) => (await keysUnder(prefix)).length;
const parts = () => blocksUnder('_moraine/uploads/');

describe('an upload in parts', () => {
  it('puts its parts together by their numbers, under the checksum that S3 gives', async () => {
    const upload = await begin('m/1', 2);
    const [first, second] = upload.presigned_urls ?? [];
    expect(upload.physical_address).toMatch(/\/data\/[\da-v]{20}\/[\da-v]{20},[\w-]{43}$/);
    const last = await put(second, small);
    const body = large(1);
    const { status, etag } = await put(first, body);
    expect([status, etag]).toEqual([200, `"${md5(body).toString('hex')}"`]);
    const more = { content_type: 'text/csv', user_metadata: { k: 'v' } };
    const [done, stats] = await complete(
      upload,
      [
        [1, etag],
        [2, last.etag],
      ],
      more,
    );
    const checksum = `${md5(Buffer.concat([md5(body), md5(small)])).toString('hex')}-2`;
    expect([done, stats]).toMatchObject([
      200,
      {
        path: 'm/1',
        checksum,
        size_bytes: body.length + small.length,
        content_type: 'text/csv',
        metadata: { k: 'v' },
        physical_address: upload.physical_address,
      },
    ]);
    expect((await bytesOf('m/1')).equals(Buffer.concat([body, small]))).toBe(true);
  });

  it('answers whoever asks again, or at the same time, as the first time', async () => {
    const upload = await begin('m/2');
    const { etag } = await put(await partUrl(upload, 7), small);
    const answers = await Promise.all([1, 2, 3].map(() => complete(upload, [[7, etag]])));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]?.[0]).toBe(200);
    await node.sweepUploads();
    expect(await complete(upload, [[7, etag]])).toEqual(answers[0]);
    expect((await complete(upload, [[7, '"another"']]))[0]).toBe(404);
    expect((await abort(upload)).status).toBe(404);
  });

  it('takes the last body of a number, and only the parts that are named', async () => {
    const upload = await begin('m/3', 3);
    const [one, two, three] = upload.presigned_urls ?? [];
    const stale = await put(one, 'an older body');
    const { etag } = await put(one, small);
    await put(two, 'not wanted');
    const last = await put(three, 'end');
    expect(await complete(upload, [[1, stale.etag]])).toEqual([
      400,
      { message: 'part 1 was not uploaded, or has another ETag' },
    ]);
    expect(
      await complete(upload, [
        [1, etag],
        [3, last.etag],
      ]),
    ).toEqual([400, { message: 'part 1 is too small' }]);
    expect(
      await complete(upload, [
        [3, last.etag],
        [1, etag],
      ]),
    ).toEqual([400, { message: 'part 1 is not in ascending order' }]);
    expect((await complete(upload, []))[0]).toBe(400);
    expect((await complete(upload, [[2, last.etag]]))[0]).toBe(400);
    expect((await complete(upload, [[1, etag]]))[0]).toBe(200);
    expect((await bytesOf('m/3')).toString()).toBe('the last part');
    expect((await put(two, 'too late')).status).toBe(404);
  });

  it('copies a part from an object, or from some of its bytes', async () => {
    const source = '/repositories/lake/branches/main/objects?path=source';
    await node.call(source, { method: 'POST', body: '0123456789' });
    const upload = await begin('m/4');
    const copy = (number: number, range?: string, path = 'source') => {
      const copy_source = { repository: 'lake', ref: 'main', path, ...(range && { range }) };
      const body = { physical_address: upload.physical_address, copy_source };
      return node.call(at(upload, `/parts/${number}/copy`), json(body, 'PUT'));
    };
    const copied = await copy(1, 'bytes=2-4');
    expect([copied.status, await copied.text()]).toEqual([204, '']);
    const etag = copied.headers.get('etag') ?? '';
    expect(etag).toBe(`"${md5(Buffer.from('234')).toString('hex')}"`);
    expect((await copy(2, 'bytes=99-')).status).toBe(416);
    expect((await copy(2, undefined, 'nope')).status).toBe(404);
    expect((await copy(0)).status).toBe(400);
    expect((await copy(10_001)).status).toBe(400);
    expect((await complete(upload, [[1, etag]]))[0]).toBe(200);
    expect((await bytesOf('m/4')).toString()).toBe('234');
  });

  it('is begun on a branch that is there, with up to ten thousand parts', async () => {
    const begun = (query: string, branch = 'main') =>
      node.ask<Upload>(`/repositories/lake/branches/${branch}/staging/pmpu?${query}`, {
        method: 'POST',
      });
    expect((await begun('path=a', 'nope'))[0]).toBe(404);
    expect((await begun('path='))[0]).toBe(400);
    expect((await begun('path=a&parts=-1'))[0]).toBe(400);
    expect((await begun('path=a&parts=10001'))[0]).toBe(400);
    const [status, { presigned_urls }] = await begun('path=a&parts=10000');
    expect([status, presigned_urls?.length]).toEqual([201, 10_000]);
    expect((await begun('path=a'))[1]).not.toHaveProperty('presigned_urls');
  });

  it('belongs to its address: no other path, upload or address will do', async () => {
    const upload = await begin('m/5');
    const other = await begin('m/6');
    const { etag } = await put(await partUrl(upload, 1), small);
    expect((await complete({ ...upload, path: 'm/6' }, [[1, etag]]))[0]).toBe(400);
    expect((await complete({ ...upload, upload_id: other.upload_id }, [[1, etag]]))[0]).toBe(404);
    expect((await complete({ ...upload, upload_id: 'nope' }, [[1, etag]]))[0]).toBe(404);
    const { physical_address } = other;
    expect((await complete({ ...upload, physical_address }, [[1, etag]]))[0]).toBe(400);
    expect(await complete({ ...upload, physical_address: 'addr' }, [[1, etag]])).toEqual([
      400,
      { message: 'physical address must be relative to the storage namespace' },
    ]);
    const used = await complete(upload, [[1, etag]]);
    expect(used[0]).toBe(200);
    const link = { staging: upload, checksum: 'x', size_bytes: small.length };
    const backing = '/repositories/lake/branches/main/staging/backing?path=m/5';
    expect((await node.ask(backing, json(link, 'PUT')))[0]).toBe(400);
  });

  it('has URLs for one part each, for a while', async () => {
    const upload = await begin('m/7', 2);
    const [first = '', second = ''] = upload.presigned_urls ?? [];
    const moved = first.replace(/\/1\?/, '/2?');
    expect(moved).not.toBe(first);
    expect((await put(moved, small)).status).toBe(403);
    expect((await fetch(first)).status).toBe(404);
    nodes.clock.ms += PRESIGN_TTL_MS;
    expect((await put(second, small)).status).toBe(403);
    expect((await put(await partUrl(upload, 2), small)).status).toBe(200);
  });

  it('is not put together of a part that has been cut since it was stored', async () => {
    const upload = await begin('m/cut', 1);
    const before = await keysUnder('_moraine/uploads/');
    const { etag } = await put(upload.presigned_urls?.[0], small);
    const [key = ''] = (await keysUnder('_moraine/uploads/')).filter((k) => !before.includes(k));
    const [, { storage_namespace: namespace }] = await node.ask<Lake>('/repositories/lake');
    await nodes.adapters.blocks.put({ namespace, key }, Readable.from([small.subarray(1)]));
    expect((await complete(upload, [[1, etag]]))[0]).toBe(500);
    expect((await node.call('/repositories/lake/refs/main/objects?path=m/cut')).status).toBe(404);
  });

  it('is given up by its client, and leaves nothing behind', async () => {
    await node.sweepUploads();
    const before = await parts();
    const upload = await begin('m/8', 1);
    const [url] = upload.presigned_urls ?? [];
    const { etag } = await put(url, small);
    expect(await parts()).toBe(before + 1);
    expect((await abort(upload)).status).toBe(204);
    expect((await put(url, small)).status).toBe(404);
    expect(await parts()).toBe(before + 1);
    expect((await abort(upload)).status).toBe(204);
    await node.sweepUploads();
    expect(await parts()).toBe(before);
    expect((await complete(upload, [[1, etag]]))[0]).toBe(404);
    expect((await put(url, small)).status).toBe(404);
    expect(await parts()).toBe(before);
  });

  it('is given up when nobody can complete it any more, and not before', async () => {
    const upload = await begin('m/9', 1);
    const { etag } = await put(upload.presigned_urls?.[0], small);
    nodes.clock.ms += ADDRESS_TTL_MS;
    await node.sweepUploads();
    expect((await complete(upload, [[1, etag]]))[0]).toBe(200);
    const abandoned = await begin('m/10', 1);
    await put(abandoned.presigned_urls?.[0], small);
    nodes.clock.ms += ADDRESS_TTL_MS + 2 * 60 * 60 * 1000;
    await node.sweepUploads();
    expect(await parts()).toBe(0);
  });
});
