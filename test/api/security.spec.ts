import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { StatObject } from '../../src/queries/stat-object.js';
import { BASIC, refusal, type RunningEdge, runEdge, SESSION_TTL_MS } from './running-edge.js';
import { BODY } from './sample-body.js';
import { entry, repository, standIns } from './stand-ins.js';

const seed = Number(process.env['SEED'] ?? 20261121);
let edge: RunningEdge;
beforeAll(async () => {
  edge = await runEdge(standIns);
  edge.nowMs = 1_700_000_000_000;
});
afterAll(() => edge.close());

/** All that anybody may ask for. Whoever adds a route for all adds it here, on purpose. */
const OPEN = [
  'GET /_health',
  'GET /api/v1/auth/capabilities',
  'POST /api/v1/auth/external/principal/login',
  'POST /api/v1/auth/login',
  'GET /api/v1/healthcheck',
  'GET /api/v1/oidc/callback',
  'POST /api/v1/setup_comm_prefs',
  'GET /api/v1/setup_lakefs',
  'POST /api/v1/setup_lakefs',
  'POST /api/v1/sts/login',
  // Nobody is an empty user there.
  'GET /api/v1/user',
  'GET /docs',
  'GET /docs/page.css',
  'GET /docs/page.js',
  'GET /logout',
  'GET /openapi.json',
  'GET /readyz',
];
/** A URL that carries its own permission: one without it, or with another's, is refused. */
const SIGNED = ['GET /_blocks/*', 'HEAD /_blocks/*', 'PUT /_blocks/*', 'PUT /_parts/*'];
const IS_FOR_NOBODY = 'GET /api/v1/user';

/** Asks each route that the router has, and returns the status by the route. */
async function walk(headers: Record<string, string>): Promise<Map<string, number>> {
  const ask = async (route: string) => {
    const [method = '', path = ''] = route.split(' ');
    const url = `${edge.url}${path.replaceAll(/:\w+/g, 'main').replaceAll('*', 'x')}?path=x`;
    const response = await fetch(url, { method, headers, redirect: 'manual' });
    await response.arrayBuffer();
    return [route, response.status] as const;
  };
  return new Map(await Promise.all(edge.routes.map(ask)));
}

const routesWith = (statuses: ReadonlyMap<string, number>, status: number) =>
  [...statuses].filter(([, each]) => each === status).map(([route]) => route);
const closed = () => edge.routes.filter((route) => ![...OPEN, ...SIGNED].includes(route));
const session = async () => (await edge.authenticator.startSession(ADA)).token;
const ADA = { id: 'ada', createdAtMs: 0 } as Parameters<
  RunningEdge['authenticator']['startSession']
>[0];

/** A token of another making. */
function forged(header: object, claims: object, key: Uint8Array): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

describe('every route that the router has', () => {
  it('is one of more than 130, each once', () => {
    expect(edge.routes.length).toBeGreaterThan(130);
    expect(new Set(edge.routes).size).toBe(edge.routes.length);
    expect([...OPEN, ...SIGNED].filter((route) => !edge.routes.includes(route))).toEqual([]);
  });

  it('is closed to nobody, but for the written list', async () => {
    expect(routesWith(await walk({}), 401)).toEqual(closed());
  });

  it('is closed without a signature where a URL carries its own permission', async () => {
    for (const headers of [{}, { authorization: BASIC }]) {
      expect(routesWith(await walk(headers), 403)).toEqual(expect.arrayContaining(SIGNED));
    }
  });

  it('is closed to a wrong secret, wherever it looks at one', async () => {
    const wrong = `Basic ${Buffer.from('AKIAJTESTTESTTESTQ:wrong').toString('base64')}`;
    const statuses = await walk({ authorization: wrong });
    // After some wrong tries the secret is not even looked at.
    const refused = [...routesWith(statuses, 401), ...routesWith(statuses, 429)];
    expect(refused.toSorted()).toEqual([...closed(), IS_FOR_NOBODY].toSorted());
    edge.nowMs += 86_400_000;
  });

  it.each([
    ['garbage', () => 'abc'],
    ['of another’s', () => forged({ alg: 'HS256', typ: 'JWT' }, claims(), Buffer.alloc(32))],
    [
      'not signed at all',
      () => forged({ alg: 'none' }, claims(), Buffer.alloc(32)).replace(/[^.]*$/, ''),
    ],
  ])('is closed to a token that is %s', async (_, token) => {
    const statuses = await walk({ authorization: `Bearer ${token()}` });
    expect(routesWith(statuses, 401).toSorted()).toEqual([...closed(), IS_FOR_NOBODY].toSorted());
  });

  it('is open to a token, and closed to it once it has run out', async () => {
    const authorization = `Bearer ${await session()}`;
    expect(routesWith(await walk({ authorization }), 401)).toEqual([]);
    edge.nowMs += SESSION_TTL_MS;
    const statuses = await walk({ authorization });
    expect(routesWith(statuses, 401).toSorted()).toEqual([...closed(), IS_FOR_NOBODY].toSorted());
  });

  it('is open to a session’s cookie, and closed to it once it has run out', async () => {
    const cookie = `internal_auth_session=${await session()}`;
    expect(routesWith(await walk({ cookie }), 401)).toEqual([]);
    edge.nowMs += SESSION_TTL_MS;
    expect(routesWith(await walk({ cookie }), 401)).toEqual(closed());
  });

  it('takes no write by a cookie from another site', async () => {
    const cookie = `internal_auth_session=${await session()}`;
    const writes = closed().filter((route) => !/^(?:GET|HEAD) /.test(route));
    expect(writes.length).toBeGreaterThan(50);
    for (const told of [
      { origin: 'https://elsewhere.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      const headers: Record<string, string> = { cookie, ...told };
      const refused = routesWith(await walk(headers), 403);
      expect(refused.filter((route) => !SIGNED.includes(route))).toEqual(writes);
    }
  });

  it('tells nothing of the server’s insides when all its answers fail', async () => {
    const broken = await runEdge(
      new Map(
        [...standIns.keys()].map((type) => [
          type,
          () => {
            throw new Error(SECRET);
          },
        ]),
      ),
    );
    try {
      const { url, routes } = broken;
      for (const route of routes) {
        const [method = '', path = ''] = route.split(' ');
        const target = `${url}${path.replaceAll(/:\w+/g, 'main').replaceAll('*', 'x')}?path=x`;
        const body = method === 'GET' || method === 'HEAD' ? {} : { body: JSON.stringify(BODY) };
        const type = { 'content-type': 'application/json' };
        const headers = { authorization: BASIC, ...type };
        const response = await fetch(target, { method, headers, redirect: 'manual', ...body });
        const text = `${[...response.headers].flat().join('\n')}\n${await response.text()}`;
        expect(text).not.toContain(SECRET);
        expect(text).not.toMatch(/\.(?:ts|js):\d|node_modules|\bat \S+ \(/);
      }
      expect(broken.logged.join()).toContain(SECRET);
      expect(broken.logged.join()).not.toContain(BASIC.slice('Basic '.length));
    } finally {
      await broken.close();
    }
  });
});

const SECRET = 'postgres://moraine:hunter2@db/moraine';

const claims = () => {
  const now = Math.floor(edge.nowMs / 1000);
  return { iss: 'auth', aud: 'login', sub: 'ada', jti: 'x', iat: now, exp: now + 3600 };
};

describe(`an entry that holds anything (SEED=${seed})`, () => {
  const OBJECT = '/api/v1/repositories/lake/refs/main/objects?path=a';
  const text = fc.string({
    unit: fc.constantFrom(...'\r\n\0\t: ;"é🌊,=\u2028\x7f\u0100ab', 'Set-Cookie: x=y', 'html'),
    maxLength: 12,
  });

  it('adds no header to an answer and breaks none off', async () => {
    const usual = [...(await edge.call(OBJECT)).headers.keys()].toSorted();
    await fc.assert(
      fc.asyncProperty(text, text, async (contentType, checksum) => {
        edge.answer(StatObject, () => ({
          entry: { ...entry, contentType, checksum, metadata: [[contentType, checksum]] },
          namespace: repository.namespace,
        }));
        const response = await edge.call(OBJECT);
        expect([response.status, await response.text()]).toEqual([200, 'hello']);
        expect([...response.headers.keys()].toSorted()).toEqual(usual);
        expect(response.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
        const head = await edge.call(OBJECT, { method: 'HEAD' });
        expect([head.status, head.headers.has('set-cookie')]).toEqual([200, false]);
      }),
      { seed, numRuns: 200 },
    );
    edge.answer(StatObject, () => ({ entry, namespace: repository.namespace }));
  });
});

describe('the page that tries the API', () => {
  it('takes nothing from elsewhere, runs no markup and is framed by nobody', async () => {
    const response = await fetch(`${edge.url}/docs`);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    const page = await response.text();
    expect(page).not.toMatch(/<script>|<script [^>]*>[^<]|\son\w+=|style=|https?:\/\//);
    for (const [, asset = ''] of page.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect((await fetch(edge.url + asset)).status).toBe(200);
    }
  });

  it('has a script that is one', async () => {
    const script = await (await fetch(`${edge.url}/docs/page.js`)).text();
    expect(() => new Function(script)).not.toThrow();
    expect(script).not.toMatch(/innerHTML|insertAdjacent|document\.write|eval\(/);
  });

  it('is refused in one way like everything else', async () => {
    expect(await refusal(await edge.call('/api/v1/docs'))).toEqual([404, 'invalid API endpoint']);
  });
});
