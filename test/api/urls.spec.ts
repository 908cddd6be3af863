import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GetBranch } from '../../src/queries/get-branch.js';
import { StatObject } from '../../src/queries/stat-object.js';
import { answerOf, rawRequest } from './raw-request.js';
import { BASIC, refusal, type RunningEdge, runEdge } from './running-edge.js';
import { standIns } from './stand-ins.js';

const LAKE = '/api/v1/repositories/lake';
let edge: RunningEdge;
beforeAll(async () => {
  edge = await runEdge(standIns);
});
afterAll(() => edge.close());

const listing = (bytes: number) => `${LAKE}/refs/main/objects/ls?prefix=${'x'.repeat(bytes)}`;

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
    expect((await edge.call(listing(60_000))).status).toBe(200);
    const url = listing(70_000);
    const text = await rawRequest(edge.port, `GET ${url} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const { status, headers, body } = answerOf(text);
    expect([status, headers.get('content-type')]).toEqual([431, 'application/json']);
    expect(JSON.parse(body)).toEqual({ message: 'path and headers are over 65536 bytes' });
  });
});

describe('what is asked for', () => {
  const ask = async (target: string) => {
    const lines = [`GET ${target} HTTP/1.1`, 'Host: x', `Authorization: ${BASIC}`];
    const text = await rawRequest(edge.port, `${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`);
    return answerOf(text).status;
  };

  it('may be told with the server before it, as a proxy does', async () => {
    expect(await ask(`http://lake.example${LAKE}/branches/main`)).toBe(200);
  });

  it.each([`*${LAKE.slice(1)}/branches/main`, '*'])(
    'is nothing of this server’s when it is %s',
    async (target) => expect(await ask(target)).toBe(404),
  );
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

describe('names that are empty', () => {
  it.each([
    ['GET', `${LAKE}/branches/`],
    ['DELETE', `${LAKE}/branches/`],
    ['GET', '/api/v1/repositories/'],
    ['DELETE', `${LAKE}/tags/`],
    ['POST', `${LAKE}/refs/main/merge/`],
  ])('make no endpoint at the end of a URL: %s %s', async (method, url) => {
    const before = edge.seen.length;
    const text = await rawRequest(
      edge.port,
      `${method} ${url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n` +
        `Authorization: ${BASIC}\r\nContent-Length: 0\r\n\r\n`,
    );
    const { status, body } = answerOf(text);
    expect([status, JSON.parse(body)]).toEqual([404, { message: 'invalid API endpoint' }]);
    expect(edge.seen.length).toBe(before);
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
    expect(answer.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
  });

  it('an expectation that nobody knows is refused with a message', async () => {
    const text = await rawRequest(
      edge.port,
      'GET /_health HTTP/1.1\r\nHost: x\r\nExpect: a miracle\r\n\r\n',
    );
    const { status, headers, body } = answerOf(text);
    expect([status, headers.get('content-type')]).toEqual([417, 'application/json']);
    expect(body).toContain('{"message":"no such expectation can be met"}');
  });

  it('a request without a host is served', async () => {
    const text = await rawRequest(edge.port, 'GET /_health HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(answerOf(text)).toMatchObject({ status: 200, body: 'alive!' });
  });
});
