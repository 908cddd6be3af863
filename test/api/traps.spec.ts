import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CommitBranch } from '../../src/commands/branch/commit-branch.js';
import { StageObject } from '../../src/commands/object/stage-object.js';
import { UploadObject } from '../../src/commands/object/upload-object.js';
import { CreateRepository } from '../../src/commands/repository/create-repository.js';
import { SetRepositoryMetadata } from '../../src/commands/repository/set-repository-metadata.js';
import { GetBranch } from '../../src/queries/get-branch.js';
import { StatObject } from '../../src/queries/stat-object.js';
import { answerOf, rawRequest } from './raw-request.js';
import { BASIC, json, type RunningEdge, runEdge } from './running-edge.js';
import { standIns } from './stand-ins.js';

const LAKE = '/api/v1/repositories/lake';
let edge: RunningEdge;
beforeAll(async () => {
  edge = await runEdge(standIns);
});
afterAll(() => edge.close());

/** Status and message of an answer, which must be an error as the contract has them. */
async function refusal(response: Response): Promise<[number, string]> {
  const body: unknown = await response.json();
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
  expect(Object.keys(body as object)).toEqual(['message']);
  const { message } = body as { message: unknown };
  expect(typeof message).toBe('string');
  return [response.status, String(message)];
}

const stage = (metadata: string) =>
  edge.call(
    `${LAKE}/branches/main/objects?path=a`,
    json(
      `{"physical_address":"s3://b/k","checksum":"c","size_bytes":5,"metadata":${metadata}}`,
      'PUT',
    ),
  );

describe('a body that is wrong', () => {
  it.each([
    ['{"name":5,"storage_namespace":"local://x"}', 'name: must be a string'],
    ['{"storage_namespace":"local://x"}', 'name: must be a string'],
    ['{"name":"lake"}', 'storage_namespace: must be a string'],
    ['{"name":"Bad_Name","storage_namespace":"local://x"}', 'name: must be 3 to 63 of'],
    [
      '{"name":"lake","storage_namespace":"local://x","read_only":"yes"}',
      'read_only: must be a boolean',
    ],
    ['{"name":"lake"', 'body: is not valid JSON'],
    ['[]', 'body: must be an object'],
    ['null', 'body: must be an object'],
    ['', 'body: value is required but missing'],
  ])('%s is refused, with one text that names the field', async (body, message) => {
    const [status, text] = await refusal(await edge.call('/api/v1/repositories', json(body)));
    expect(status).toBe(400);
    expect(text.startsWith(message)).toBe(true);
  });

  it('is refused when its bytes are no UTF-8', async () => {
    const body = Buffer.from('{"name":"\xff\xfe","storage_namespace":"local://x"}', 'latin1');
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    const answer = await refusal(await edge.call('/api/v1/repositories', init));
    expect(answer).toEqual([400, 'body: is not valid UTF-8']);
  });

  it('is refused when it is not JSON by its own word', async () => {
    const init = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' };
    const [status, message] = await refusal(await edge.call('/api/v1/repositories', init));
    expect([status, message]).toEqual([400, 'Content-Type: has unexpected value "text/plain"']);
  });

  it('is refused over 1 MiB', async () => {
    const body = JSON.stringify({ message: 'x'.repeat(1024 * 1024) });
    const [status] = await refusal(await edge.call(`${LAKE}/branches/main/commits`, json(body)));
    expect(status).toBe(413);
  });

  it('leaves unknown fields and a charset alone', async () => {
    const body = { name: 'lake', storage_namespace: 'local://x/', other: 1, __proto__: null };
    const response = await edge.call('/api/v1/repositories?bare=true', {
      ...json(body),
      headers: { 'content-type': 'application/json; charset=utf-8' },
    });
    expect(response.status).toBe(201);
    const { wish } = edge.last(CreateRepository);
    expect(wish).toEqual({
      name: 'lake',
      namespace: 'local://x',
      defaultBranch: 'main',
      isReadOnly: false,
      isBare: true,
    });
  });
});

describe('metadata with odd keys', () => {
  const odd = '{"toString":"y","constructor":"x","__proto__":"z","valueOf":"v"}';
  const kept = [
    ['__proto__', 'z'],
    ['constructor', 'x'],
    ['toString', 'y'],
    ['valueOf', 'v'],
  ];

  it('is kept on an object, and told again', async () => {
    const response = await stage(odd);
    expect(response.status).toBe(201);
    expect(edge.last(StageObject).object.metadata).toEqual(kept);
    const told = JSON.parse(await response.text()) as { metadata: object };
    expect(new Map(Object.entries(told.metadata))).toEqual(new Map(kept as [string, string][]));
  });

  it('is kept on a commit', async () => {
    const body = `{"message":"m","metadata":${odd}}`;
    expect((await edge.call(`${LAKE}/branches/main/commits`, json(body))).status).toBe(201);
    expect(edge.last(CommitBranch).wish.metadata).toEqual(kept);
  });

  it('is kept on a repository', async () => {
    const body = `{"metadata":${odd}}`;
    expect((await edge.call(`${LAKE}/metadata`, json(body))).status).toBe(204);
    expect(edge.last(SetRepositoryMetadata).change).toEqual({ set: kept, unset: [] });
    const keys = json({ keys: ['constructor'] }, 'DELETE');
    expect((await edge.call(`${LAKE}/metadata`, keys)).status).toBe(204);
    expect(edge.last(SetRepositoryMetadata).change).toEqual({ set: [], unset: ['constructor'] });
  });

  it('is refused with a value that is no string, naming it', async () => {
    const answer = await refusal(await stage('{"a":5}'));
    expect(answer).toEqual([400, 'metadata.a: must be a string']);
    const commit = json('{"message":"m","metadata":{"a":5}}');
    expect(await refusal(await edge.call(`${LAKE}/branches/main/commits`, commit))).toEqual([
      400,
      'metadata.a: must be a string',
    ]);
  });
});

describe('an upload', () => {
  it.each(['application/json', 'text/plain', 'image/png', 'not a type', 'a/b;c', 'x'])(
    'of the type %s is streamed',
    async (type) => {
      const response = await edge.call(`${LAKE}/branches/main/objects?path=a`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: '{"not json',
      });
      expect(response.status).toBe(201);
      expect(await response.json()).toMatchObject({ content_type: type, size_bytes: 10 });
    },
  );

  it('of no type and no bytes is an empty object', async () => {
    const response = await edge.call(`${LAKE}/branches/main/objects?path=a`, { method: 'POST' });
    expect(await response.json()).toMatchObject({
      content_type: 'application/octet-stream',
      size_bytes: 0,
    });
    expect(edge.last(UploadObject).upload.contentType).toBe('');
  });

  it('of 8 MiB passes, though a JSON body may hold one', async () => {
    const response = await edge.call(`${LAKE}/branches/main/objects?path=a`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: Buffer.alloc(8 * 1024 * 1024),
    });
    expect(await response.json()).toMatchObject({ size_bytes: 8 * 1024 * 1024 });
  });
});

describe('a JSON type without a body', () => {
  it('is no error where the contract needs none', async () => {
    const headers = { 'content-type': 'application/json' };
    const merge = `${LAKE}/refs/main/merge/dev`;
    expect(await refusal(await edge.call(merge, { method: 'POST', headers }))).toEqual([
      501,
      'Not Implemented',
    ]);
    const gone = `${LAKE}/branches/dev`;
    expect((await edge.call(gone, { method: 'DELETE', headers })).status).toBe(204);
  });
});

describe('what is no endpoint', () => {
  it.each([
    ['GET', '/api/v1/nope'],
    ['PATCH', '/api/v1/user'],
    ['POST', '/api/v1/nope'],
    ['GET', '/nope'],
    ['GET', '/'],
    ['GET', '/api/v1/repositories/'],
    ['DELETE', `${LAKE}/branches`],
    ['OPTIONS', LAKE],
  ])('%s %s is 404 in the contract’s words', async (method, path) => {
    const body = method === 'POST' ? json('{"x"', method) : { method };
    expect(await refusal(await edge.call(path, body))).toEqual([404, 'invalid API endpoint']);
  });
});

describe('long names', () => {
  it('of 1,024 characters are fine in a ref and in a branch, escaped too', async () => {
    const name = 'b'.repeat(1024);
    expect((await edge.call(`${LAKE}/branches/${name}`)).status).toBe(200);
    expect(edge.last(GetBranch).branch).toBe(name);
    const ref = 'é'.repeat(1024);
    const url = `${LAKE}/refs/${encodeURIComponent(ref)}/objects/stat?path=a`;
    expect((await edge.call(url)).status).toBe(200);
    expect(edge.last(StatObject).ref).toBe(ref);
  });

  it('of 1,024 escaped bytes are fine as a path, one more is not', async () => {
    const stat = (path: string) =>
      edge.call(`${LAKE}/refs/main/objects/stat?path=${encodeURIComponent(path)}`);
    expect((await stat('é'.repeat(512))).status).toBe(200);
    expect(edge.last(StatObject).path).toBe('é'.repeat(512));
    expect(await refusal(await stat('é'.repeat(512) + 'x'))).toEqual([
      400,
      'path: over 1024 bytes',
    ]);
  });

  it('of 60 KiB are read; over 64 KiB they are refused with a message', async () => {
    const listing = (bytes: number) => `${LAKE}/refs/main/objects/ls?prefix=${'x'.repeat(bytes)}`;
    expect((await edge.call(listing(60_000))).status).toBe(200);
    const url = listing(70_000);
    const text = await rawRequest(edge.port, `GET ${url} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const { status, headers, body } = answerOf(text);
    expect([status, headers.get('content-type')]).toEqual([431, 'application/json']);
    expect(JSON.parse(body)).toEqual({ message: 'path and headers are over 65536 bytes' });
  });
});

describe('a URL that no decoder takes in one way', () => {
  it.each([
    ['path=%FF%FE', 'path: is not valid UTF-8: %FF%FE'],
    ['path=%ZZ', "path: '%ZZ' is no escape of a byte"],
    ['path=a%', "path: '%' is no escape of a byte"],
    ['path=%ED%A0%80', 'path: is not valid UTF-8: %ED%A0%80'],
    ['path=a%00b', 'path: holds %00'],
    ['path=a&path=b', 'path: given more than once'],
    ['path=', 'path: empty value is not allowed'],
    ['path', 'path: empty value is not allowed'],
    ['', 'path: value is required but missing'],
  ])('?%s is refused: %s', async (query, message) => {
    for (const [method, path] of [
      ['GET', 'refs/main/objects/stat'],
      ['GET', 'refs/main/objects'],
      ['PUT', 'branches/main/objects'],
      ['POST', 'branches/main/objects'],
      ['DELETE', 'branches/main/objects'],
    ]) {
      const text = await rawRequest(
        edge.port,
        `${method} ${LAKE}/${path}?${query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n` +
          `Authorization: ${BASIC}\r\n\r\n`,
      );
      const { status, body } = answerOf(text);
      expect([method, status, JSON.parse(body)]).toEqual([method, 400, { message }]);
    }
  });

  it.each([
    ['%FF%FE', 'path: is not valid UTF-8: %FF%FE'],
    ['%ZZ', "path: '%ZZ' is no escape of a byte"],
    ['%ED%A0%80', 'path: is not valid UTF-8: %ED%A0%80'],
    ['a%00b', 'ref: is no valid ref'],
    ['a%20b', 'ref: is no valid ref'],
  ])('a ref of %s is refused: %s', async (ref, message) => {
    const request =
      `GET ${LAKE}/refs/${ref}/objects/ls HTTP/1.1\r\nHost: x\r\nConnection: close\r\n` +
      `Authorization: ${BASIC}\r\n\r\n`;
    const { status, headers, body } = answerOf(
      await rawRequest(edge.port, Buffer.from(request, 'latin1')),
    );
    expect(status).toBe(400);
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
    expect((JSON.parse(body) as { message: string }).message).toMatch(new RegExp(`^${message}`));
  });
});

describe('names that are right', () => {
  it.each([
    ['a%2Fb', 'a/b'],
    ['a+b', 'a b'],
    ['a%2Bb', 'a+b'],
    ['%F0%9F%8C%8A', '🌊'],
    ['a;b', 'a;b'],
    ['..%2F..', '../..'],
  ])('?path=%s is %s', async (raw, path) => {
    await edge.call(`${LAKE}/refs/main/objects/stat?path=${raw}`);
    expect(edge.last(StatObject).path).toBe(path);
  });

  it.each([
    ['main~2^1', 'main~2^1'],
    ['main@', 'main@'],
    ['main$', 'main$'],
    ['a%2Fb', 'a/b'],
    ['a+b', 'a+b'],
    ['a%2525b', 'a%25b'],
    ['%E2%82%AC', '€'],
  ])('a ref of %s is %s', async (raw, ref) => {
    await edge.call(`${LAKE}/refs/${raw}/objects/stat?path=x`);
    expect(edge.last(StatObject).ref).toBe(ref);
  });
});

describe('what is no HTTP', () => {
  it.each([
    ['GARBAGE\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nbad header\r\n\r\n', 400],
    [`GET ${LAKE}/refs/\xc3\xa9/objects HTTP/1.1\r\nHost: x\r\n\r\n`, 400],
    [`GET ${LAKE}/refs/main/objects?path=\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n`, 400],
  ])('%j is answered with a message', async (bytes, status) => {
    const answer = answerOf(await rawRequest(edge.port, Buffer.from(bytes, 'latin1')));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      status,
      'application/json',
    ]);
    expect(JSON.parse(answer.body)).toEqual({ message: 'not a valid HTTP request' });
  });

  it('a request without a host is served', async () => {
    const text = await rawRequest(edge.port, 'GET /_health HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(answerOf(text)).toMatchObject({ status: 200, body: 'alive!' });
  });
});
