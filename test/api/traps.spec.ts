import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CommitBranch } from '../../src/commands/branch/commit-branch.js';
import { StageObject } from '../../src/commands/object/stage-object.js';
import { UploadObject } from '../../src/commands/object/upload-object.js';
import { CreateRepository } from '../../src/commands/repository/create-repository.js';
import { SetRepositoryMetadata } from '../../src/commands/repository/set-repository-metadata.js';
import { json, refusal, type RunningEdge, runEdge } from './running-edge.js';
import { standIns } from './stand-ins.js';

const LAKE = '/api/v1/repositories/lake';
let edge: RunningEdge;
beforeAll(async () => {
  edge = await runEdge(standIns);
});
afterAll(() => edge.close());

const stage = (metadata: string) =>
  edge.call(
    `${LAKE}/branches/main/objects?path=a`,
    json(
      `{"physical_address":"local://b/k","checksum":"c","size_bytes":5,"metadata":${metadata}}`,
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
    expect((await edge.call(merge, { method: 'POST', headers })).status).toBe(200);
    const gone = `${LAKE}/branches/dev`;
    expect((await edge.call(gone, { method: 'DELETE', headers })).status).toBe(204);
  });
});

describe('what is no endpoint', () => {
  it.each([
    ['GET', '/api/v1/nope'],
    ['PATCH', '/api/v1/user'],
    ['POST', '/api/v1/nope'],
    ['GET', '/api/v1/repositories/'],
    ['DELETE', `${LAKE}/branches`],
    ['OPTIONS', LAKE],
  ])('%s %s is 404 in the contract’s words', async (method, path) => {
    const body = method === 'POST' ? json('{"x"', method) : { method };
    expect(await refusal(await edge.call(path, body))).toEqual([404, 'invalid API endpoint']);
  });

  it.each(['/', '/nope', '/api/v11/repositories', '/api'])(
    'GET %s is outside of the API, so nothing is said in its name',
    async (path) => {
      const response = await edge.call(path);
      expect([response.status, await response.text()]).toEqual([404, '']);
    },
  );
});
