import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ALL_OPERATIONS, API_PREFIX, type Operation } from '../../src/api/operations.js';
import { AesSecrets } from '../../src/app/aes-secrets.js';
import { openApp } from '../../src/app/open-app.js';
import type { RunningApp } from '../../src/app/running-app.js';
import { readServerConfig } from '../../src/config/read-config.js';
import { type Logger, newLogger } from '../../src/observability/logger.js';
import { encodingsOf, leaksIn, type Secrets } from './find-leaks.js';

const random = () => `${randomBytes(12).toString('base64')}+/=&"\\é`;
/** What callers send, or are given; the rest comes with the first day. */
const sent = {
  secretKey: random(),
  wrongSecret: random(),
  signature: randomBytes(20).toString('hex'),
  cookie: randomBytes(20).toString('base64url'),
  bearer: randomBytes(20).toString('base64url'),
  typedPassword: random(),
};

let app: RunningApp;
let logger: Logger;
let folder: string;
let url: string;
const lines: string[] = [];
const secrets: Record<string, string> = { ...sent };
const seen = new Map<string, Set<number>>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moraine-secrets-'));
  logger = newLogger('trace', { write: (line) => void lines.push(line) });
  app = await openApp({
    config: readServerConfig({
      listen: '127.0.0.1:0',
      streamsListen: 'off',
      eventLog: 'memory',
      setup: 'api',
    }),
    data: folder,
    connection: undefined,
    secrets: new AesSecrets(sent.secretKey),
    logger,
    onFatal: (error) => {
      throw error;
    },
  });
  url = await app.listen();
}, 30_000);
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

const basic = (id: string, secret: string) =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
const names: Readonly<Record<string, string>> = { repository: 'lake', branch: 'main', ref: 'main' };
const pathOf = ({ path }: Operation) =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? 'main');

/** A client that puts a secret wherever one can be put. */
async function send(operation: Operation, authorization: string): Promise<void> {
  const { method, operationId } = operation;
  const query = new URLSearchParams({
    path: 'a/b',
    'X-Amz-Signature': sent.signature,
    presign: 'true',
    type: 'any',
  });
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const body = {
    name: 'other',
    message: 'm',
    access_key_id: 'AKIAJTESTTESTTESTQ',
    secret_access_key: sent.typedPassword,
    password: sent.typedPassword,
  };
  const response = await fetch(`${url}${API_PREFIX}${pathOf(operation)}?${query}`, {
    method,
    redirect: 'manual',
    headers: {
      authorization,
      cookie: `internal_auth_session=${sent.cookie}`,
      'content-type': 'application/json',
      'x-amz-security-token': sent.bearer,
      'idempotency-key': `key-${operationId}-${authorization.length}`,
    },
    ...(hasBody ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  const statuses = seen.get(operationId) ?? new Set();
  seen.set(operationId, statuses.add(response.status));
  // What a presigned URL carries is as good as a password.
  for (const [, found] of text.matchAll(/signature=([^"&\\]+)/g))
    secrets['presigned'] = found ?? '';
}

async function post(path: string, body: unknown, authorization?: string) {
  const response = await fetch(`${url}${API_PREFIX}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
    body: JSON.stringify(body),
  });
  return { response, json: (await response.json()) as Record<string, string> };
}

/** Sets up, logs in, and sends every operation, by every way to say who one is. */
async function wholeSuite(): Promise<void> {
  const { json } = await post('/setup_lakefs', { username: 'admin' });
  const { access_key_id: id = '', secret_access_key: secret = '' } = json;
  expect(secret).not.toBe('');
  secrets['adminSecret'] = secret;
  secrets['basicHeader'] = basic(id, secret).slice('Basic '.length);
  const login = await post('/auth/login', { access_key_id: id, secret_access_key: secret });
  expect(login.response.status).toBe(200);
  secrets['session'] = login.json['token'] ?? '';
  const wish = { name: 'lake', storage_namespace: 'local://lake/' };
  expect((await post('/repositories', wish, basic(id, secret))).response.status).toBe(201);
  const bearer = `Bearer ${login.json['token']}`;
  const ways = [bearer, basic(id, secret), basic(id, sent.wrongSecret), `Bearer ${sent.bearer}`];
  // What takes the ground away from the others comes last.
  const last = ALL_OPERATIONS.filter(({ operationId }) => operationId === 'deleteRepository');
  const others = ALL_OPERATIONS.filter((operation) => !last.includes(operation));
  for (const operation of [...others, ...last]) {
    for (const way of ways) await send(operation, way);
  }
}

describe('the log at its loudest', () => {
  it('holds no secret in any encoding, whatever every operation is sent', async () => {
    await wholeSuite();
    expect([...seen.keys()].toSorted()).toEqual(
      ALL_OPERATIONS.map(({ operationId }) => operationId).toSorted(),
    );
    const text = lines.join('');
    // It did speak: of every request there is a line, and of those refused too.
    const said = lines.filter((line) => line.includes('"msg":"request"'));
    expect(said.length).toBeGreaterThanOrEqual(ALL_OPERATIONS.length * 4);
    expect(new Set(said.map((line) => (JSON.parse(line) as { status: number }).status))).toEqual(
      new Set([...seen.values()].flatMap((statuses) => [...statuses])),
    );
    expect(leaksIn(text, secrets)).toEqual([]);
    expect(Object.keys(secrets)).toEqual(
      expect.arrayContaining(['adminSecret', 'session', 'presigned', 'signature', 'cookie']),
    );
  }, 60_000);

  it('shows a secret that is planted, in each encoding', () => {
    const planted: Secrets = { planted: 'a+/=&"\\é secret that somebody logs' };
    for (const [encoding, encoded] of encodingsOf(planted['planted'] ?? '')) {
      lines.length = 0;
      // What is JSON already is what the log itself makes of it, once or twice.
      if (encoding.startsWith('JSON')) lines.push(`{"note":"behind ${encoded} before"}`);
      else logger.debug({ note: `behind ${encoded} before` }, 'a careless line');
      const isSeen = leaksIn(lines.join(''), planted).length > 0;
      expect({ encoding, isSeen }).toEqual({ encoding, isSeen: true });
    }
    for (const before of ['', 'x', 'xy', 'xyz']) {
      const whole = Buffer.from(`${before}${planted['planted']}after`).toString('base64');
      expect(leaksIn(whole, planted)).not.toEqual([]);
    }
    expect(leaksIn('nothing of the kind', planted)).toEqual([]);
  });
});
