import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '../../src/ports/store-errors.js';
import { GetBranch } from '../../src/queries/get-branch.js';
import { answerOf, rawRequest } from './raw-request.js';
import { BASIC, KEY, type RunningEdge, runEdge, until } from './running-edge.js';
import { standIns } from './stand-ins.js';

const BRANCH = '/api/v1/repositories/lake/branches/main';
let edge: RunningEdge;
beforeEach(async () => {
  edge = await runEdge(standIns);
});
afterEach(() => edge.close());

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
const as = (authorization: string, path = BRANCH) =>
  fetch(edge.url + path, { headers: { authorization } });

describe('a caller', () => {
  it('is looked up once in 20 seconds', async () => {
    for (let at = 0; at < 5; at++) expect((await as(BASIC)).status).toBe(200);
    expect(edge.authenticator.asked).toBe(1);
    edge.nowMs += 20_001;
    expect((await as(BASIC)).status).toBe(200);
    expect(edge.authenticator.asked).toBe(2);
  });

  it.each([
    basic(`${KEY.id}:wrong`),
    basic(`nobody:${KEY.secret}`),
    basic(KEY.id),
    'Bearer abc',
    'AWS4-HMAC-SHA256 Credential=x',
    'Basic',
    '',
  ])('is refused in one way: %j', async (authorization) => {
    const response = await as(authorization);
    expect([response.status, await response.text()]).toEqual([
      401,
      '{"message":"error authenticating request"}',
    ]);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(edge.seen).toEqual([]);
  });

  it('is not refused because the store is away: that is another answer', async () => {
    edge.authenticator.failsWith = new StoreUnavailable('10.0.0.1 is down');
    const response = await as(BASIC);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.text()).not.toContain('10.0.0.1');
    expect(edge.logged.join()).toContain('10.0.0.1');
    expect((await fetch(`${edge.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${edge.url}/_health`)).status).toBe(200);
  });

  it('is told who they are, and nobody is nobody', async () => {
    expect(await (await as(BASIC, '/api/v1/user')).json()).toEqual({
      user: { id: 'ada', creation_date: 1_700_000_000, friendly_name: '', email: '' },
    });
    const response = await fetch(`${edge.url}/api/v1/user`);
    expect([response.status, await response.json()]).toEqual([
      200,
      { user: { id: '', creation_date: 0 } },
    ]);
    expect((await as(basic('x:y'), '/api/v1/user')).status).toBe(401);
  });

  it('with wrong credentials still sees what is public', async () => {
    expect((await as(basic('x:y'), '/api/v1/setup_lakefs')).status).toBe(200);
    expect(edge.authenticator.asked).toBe(0);
  });
});

describe('a request', () => {
  it('has an id of ours, never the client’s', async () => {
    const headers = { authorization: BASIC, 'x-request-id': 'mine' };
    const ids = new Set<string | null>();
    for (const path of [BRANCH, '/nope', '/_health', '/api/v1/repositories/%ZZ']) {
      ids.add((await fetch(edge.url + path, { headers })).headers.get('x-request-id'));
    }
    expect(ids.size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^[\da-f-]{36}$/);
  });
});

describe('a bug behind the edge', () => {
  it('is 500 without a word of it, and all of it in the log', async () => {
    edge.answer(GetBranch, () => {
      throw new TypeError('x is undefined', { cause: new Error('because of y') });
    });
    const response = await edge.call(`${BRANCH}?token=secret`);
    const requestId = response.headers.get('x-request-id') ?? '';
    expect([response.status, await response.json()]).toEqual([
      500,
      { message: `internal error; request ${requestId}` },
    ]);
    expect(edge.logged).toHaveLength(1);
    expect(edge.logged[0]).toContain(requestId);
    expect(edge.logged[0]).toContain('TypeError: x is undefined');
    expect(edge.logged[0]).toContain('because of y');
    expect(edge.logged[0]).not.toContain('secret');
  });

  it('that nobody has foreseen breaks one request, not the server', async () => {
    edge.answer(GetBranch, () => Promise.reject('a text'));
    expect((await edge.call(BRANCH)).status).toBe(500);
    expect((await edge.call('/api/v1/config')).status).toBe(200);
  });
});

/** Waits until nobody new is heard. */
async function deaf(): Promise<void> {
  let hears = true;
  while (hears) {
    hears = await fetch(`${edge.url}/_health`).then(
      (response) => response.ok,
      () => false,
    );
  }
}

describe('the end of the server', () => {
  it('lets what is under way come to its answer', async () => {
    const gate = Promise.withResolvers<void>();
    edge.answer(GetBranch, async ({ branch }) => {
      await gate.promise;
      return { name: branch, commitId: 'c' };
    });
    const answer = edge.call(BRANCH);
    await until(() => edge.seen.length === 1);
    const closed = edge.end();
    await deaf();
    gate.resolve();
    expect((await answer).status).toBe(200);
    await closed;
    await expect(edge.call(BRANCH)).rejects.toThrow();
  });

  it('answers what comes in on the connection of such a one', async () => {
    const gate = Promise.withResolvers<void>();
    edge.answer(GetBranch, async ({ branch }) => {
      await gate.promise;
      return { name: branch, commitId: 'c' };
    });
    const first = `GET ${BRANCH} HTTP/1.1\r\nHost: x\r\nAuthorization: ${BASIC}\r\n\r\n`;
    const second = Promise.withResolvers<string>();
    const both = rawRequest(edge.port, first, second.promise);
    await until(() => edge.seen.length === 1);
    const closed = edge.end();
    await deaf();
    second.resolve('GET /_health HTTP/1.1\r\nHost: x\r\n\r\n');
    gate.resolve();
    const [branch, health] = (await both).split(/(?<=\})(?=HTTP)/);
    expect(answerOf(branch ?? '').status).toBe(200);
    expect(answerOf(health ?? '')).toMatchObject({ status: 200, body: 'alive!' });
    await closed;
  });
});
