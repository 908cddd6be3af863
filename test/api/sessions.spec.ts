import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { json } from './running-edge.js';
import { BASIC, PAIR, SESSION_TTL_MS, type SignedNode, signedNodes } from './signed-app.js';

let nodes: Awaited<ReturnType<typeof signedNodes>>;
let node: SignedNode;
beforeAll(async () => {
  nodes = await signedNodes();
  node = nodes.node;
}, 30_000);
afterAll(() => nodes.close());
// Far enough that nothing of one test is remembered in the next.
beforeEach(() => {
  nodes.clock.ms += 24 * 60 * 60 * 1000;
});

const pair = (secret = PAIR.secret, id = PAIR.id) =>
  json({ access_key_id: id, secret_access_key: secret });
const anonymous = (path: string, init: RequestInit = {}, at = node.url) =>
  fetch(at + path, { redirect: 'manual', ...init });
const login = (init = pair(), headers: Record<string, string> = {}, at = node.url) =>
  anonymous('/api/v1/auth/login', { ...init, headers: { ...init.headers, ...headers } }, at);
interface Token {
  readonly token: string;
  readonly token_expiration: number;
}
const tokenOf = async (): Promise<Token> => (await (await login()).json()) as Token;
const userBy = async (headers: Record<string, string>, at = node.url) => {
  const response = await anonymous('/api/v1/user', { headers }, at);
  return [response.status, await response.json()] as const;
};
const admin = [200, { user: expect.objectContaining({ id: 'admin' }) }];
const nobody = [200, { user: { id: '', creation_date: 0 } }];
const refused = [401, { message: 'error authenticating request' }];

describe('a login', () => {
  it('gives a token that is who logged in, until it runs out', async () => {
    const { token, token_expiration } = await tokenOf();
    expect(token_expiration * 1000).toBe(nodes.clock.ms + SESSION_TTL_MS);
    expect(await userBy({ authorization: `Bearer ${token}` })).toEqual(admin);
    nodes.clock.ms += SESSION_TTL_MS;
    expect(await userBy({ authorization: `Bearer ${token}` })).toEqual(refused);
  });

  it('gives a cookie that no script reads and that says the same', async () => {
    const response = await login();
    const [cookie = ''] = response.headers.getSetCookie();
    expect(cookie).toMatch(
      /^internal_auth_session=[\w.-]+; Expires=.+; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    expect(await userBy({ cookie: `theme=dark; ${cookie.split(';')[0]}` })).toEqual(admin);
    expect(await userBy({ cookie: 'internal_auth_session=changed' })).toEqual(nobody);
    const [behindTls = ''] = (
      await login(pair(), { 'x-forwarded-proto': 'https' })
    ).headers.getSetCookie();
    expect(behindTls).toMatch(/; Secure$/);
  });

  it('is refused in one way, whatever is wrong', async () => {
    for (const wrong of [pair('wrong'), pair(PAIR.secret, 'nobody'), pair('', '')]) {
      const response = await login(wrong);
      expect([response.status, await response.json()]).toEqual(refused);
      expect(response.headers.getSetCookie()).toEqual([]);
    }
    expect((await login(json({ access_key_id: 'x' }))).status).toBe(400);
  });

  it('is good on every node with the same secret key, and on no other', async () => {
    const { token } = await tokenOf();
    const twin = await nodes.start();
    const stranger = await nodes.start('another secret key for tests');
    const headers = { authorization: `Bearer ${token}` };
    expect(await userBy(headers, twin.url)).toEqual(admin);
    expect(await userBy(headers, stranger.url)).toEqual(refused);
  });

  it('waits after wrong tries, by Basic too, but not of who was right before', async () => {
    const from = (client: string) => ({ 'x-forwarded-for': `10.9.9.9, ${client}` });
    for (let tries = 0; tries < 6; tries++) {
      expect((await login(pair(`wrong ${tries}`), from('192.0.2.1'))).status).toBe(401);
    }
    const late = await login(pair('wrong again'), from('192.0.2.1'));
    expect([late.status, late.headers.get('retry-after')]).toEqual([429, '1']);
    const basic = `Basic ${Buffer.from(`${PAIR.id}:wrong`).toString('base64')}`;
    const wrong = { authorization: basic, ...from('192.0.2.1') };
    expect((await anonymous('/api/v1/repositories', { headers: wrong })).status).toBe(429);
    expect((await login(pair('wrong'), from('192.0.2.2'))).status).toBe(401);
    expect((await login(pair(), from('192.0.2.1'))).status).toBe(200);
  });
});

describe('a session in a cookie', () => {
  const branch = json({ name: 'from-a-page', source: 'main' });
  const cookie = async () => (await login()).headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const write = async (headers: Record<string, string>) =>
    (
      await anonymous('/api/v1/repositories/lake/branches', {
        ...branch,
        headers: { ...branch.headers, ...headers },
      })
    ).status;

  it.each([
    ['another site that says where it is', { origin: 'https://evil.example' }],
    ['a page without an origin', { origin: 'null' }],
    ['what is no origin', { origin: 'x' }],
    ['a request that crosses sites, as the browser says', { 'sec-fetch-site': 'cross-site' }],
    ['one that crosses sub-domains', { 'sec-fetch-site': 'same-site' }],
  ])('does not write for %s', async (_, headers: Record<string, string>) => {
    expect(await write({ cookie: await cookie(), ...headers })).toBe(403);
  });

  it('writes for its own pages, and reads for anybody who follows a link', async () => {
    const session = await cookie();
    const own = { cookie: session, origin: node.url, 'sec-fetch-site': 'same-origin' };
    expect(await write(own)).toBe(201);
    expect(await write({ cookie: session })).toBe(409);
    const crossing = { cookie: session, 'sec-fetch-site': 'cross-site' };
    expect(await userBy(crossing)).toEqual(admin);
  });

  it('does not matter beside an Authorization header', async () => {
    const session = await cookie();
    const headers = { cookie: session, authorization: BASIC, origin: 'https://tool.example' };
    expect(await write(headers)).toBe(409);
    expect(await userBy({ cookie: session, authorization: 'Bearer no' })).toEqual(refused);
  });

  it('ends with a logout', async () => {
    const response = await anonymous('/logout');
    expect([response.status, response.headers.get('location')]).toEqual([307, '/auth/login']);
    const [taken = ''] = response.headers.getSetCookie();
    expect(taken).toMatch(
      /^internal_auth_session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0/,
    );
  });
});
