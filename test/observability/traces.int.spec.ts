import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AesSecrets } from '../../src/app/aes-secrets.js';
import { openApp } from '../../src/app/open-app.js';
import type { RunningApp } from '../../src/app/running-app.js';
import { readServerConfig } from '../../src/config/read-config.js';
import { newLogger } from '../../src/observability/logger.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { OtlpReceiver, type ReceivedSpan } from './otlp-receiver.js';

const KEY = { id: 'AKIATRACES', secret: 'a secret for traces' };
const authorization = `Basic ${Buffer.from(`${KEY.id}:${KEY.secret}`).toString('base64')}`;
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';

interface Line {
  readonly traceId?: string;
  readonly requestId?: string;
}

let database: TestDatabase;
let receiver: OtlpReceiver;
let folder: string;
let app: RunningApp | undefined;
let url: string;
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moraine-traces-'));
  receiver = await OtlpReceiver.listen();
  lines = [];
  database = await freshDatabase();
}, 60_000);
afterEach(async () => {
  await app?.close();
  app = undefined;
  await receiver.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function start(keys: Record<string, unknown>): Promise<void> {
  app = await openApp({
    config: readServerConfig({
      listen: '127.0.0.1:0',
      streamsListen: 'off',
      adminAccessKeyId: KEY.id,
      adminSecretAccessKey: KEY.secret,
      ...keys,
    }),
    data: folder,
    connection: database.connection,
    secrets: new AesSecrets('a secret key for tests alone'),
    logger: newLogger('info', { write: (line) => void lines.push(line) }),
    onFatal: (error) => {
      throw error;
    },
  });
  url = `${await app.listen()}/api/v1`;
}

const call = (path: string, init: RequestInit = {}, traceparent?: string) =>
  fetch(url + path, {
    ...init,
    headers: {
      authorization,
      'content-type': 'application/json',
      ...(traceparent === undefined ? {} : { traceparent }),
    },
  });

const post = (path: string, body: unknown, traceparent?: string) =>
  call(path, { method: 'POST', body: JSON.stringify(body) }, traceparent);

/** Ends the server, which sends what it has left. */
async function ended(): Promise<readonly ReceivedSpan[]> {
  await app?.close();
  app = undefined;
  return receiver.spans;
}

describe('a trace', () => {
  it('goes on from the caller through request, command and append to the database', async () => {
    await start({ tracesUrl: receiver.url });
    await post('/repositories', { name: 'lake', storage_namespace: 'local://lake/' });
    const objects = '/repositories/lake/branches/main/objects?path=a/secret-path';
    await call(objects, { method: 'POST', body: 'hello' }, `00-${TRACE}-${CALLER}-01`);
    await post('/repositories/lake/branches/main/commits', { message: 'm' });
    const spans = await ended();
    const mine = spans.filter(({ traceId }) => traceId === TRACE);
    const sql = mine.find(({ name }) => name === 'append_batch');
    expect(sql && receiver.pathOf(sql)).toEqual([
      'append_batch',
      'log append',
      'command UploadObject',
      'uploadObject',
    ]);
    const request = mine.find(({ name }) => name === 'uploadObject');
    expect(request).toMatchObject({ parentSpanId: CALLER, kind: 2 });
    const attributes = Object.fromEntries(
      request?.attributes.map(({ key, value }) => [key, Object.values(value)[0]]) ?? [],
    );
    expect(attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/api/v1/repositories/:repository/branches/:branch/objects',
      'http.response.status_code': 201,
    });
    expect(mine.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['blocks put', 'views read']),
    );
    const commit = spans.find(({ name }) => name === 'command CommitBranch');
    expect(commit && receiver.pathOf(commit)).toEqual(['command CommitBranch', 'commit']);
    expect([...receiver.services]).toEqual(['moraine']);
    // Each leads to the other.
    const line = lines.map((each) => JSON.parse(each) as Line).find((of) => of.traceId === TRACE);
    expect(line).toMatchObject({ operation: 'uploadObject' });
    expect(attributes).toMatchObject({ 'moraine.request_id': line?.requestId });
    const said = receiver.bodies.join('');
    for (const secret of [KEY.secret, authorization.slice(6), 'secret-path']) {
      expect(said).not.toContain(secret);
    }
  }, 60_000);

  it('is not begun when its caller decided against it, or nobody is to have one', async () => {
    await start({ tracesUrl: receiver.url, tracesRatio: 0 });
    await post('/repositories', { name: 'lake', storage_namespace: 'local://lake/' });
    await call('/repositories/lake', {}, `00-${TRACE}-${CALLER}-00`);
    const asked = await call('/repositories/lake', {}, `00-${TRACE}-${CALLER}-01`);
    expect(asked.status).toBe(200);
    const spans = await ended();
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
    expect(spans.filter(({ name }) => name === 'getRepository')).toHaveLength(1);
  }, 60_000);

  it('says of a request that it failed when that was our fault, and begins anew', async () => {
    await start({ tracesUrl: receiver.url });
    await call('/repositories/none', {}, 'no-traceparent');
    const spans = await ended();
    const request = spans.find(({ name }) => name === 'getRepository');
    expect(request?.traceId).toMatch(/^[\da-f]{32}$/);
    expect(request?.parentSpanId ?? '').toBe('');
    expect(request?.status?.code ?? 0).toBe(0);
    const query = spans.find(({ name }) => name === 'query GetRepository');
    expect(query?.status?.code).toBe(2);
  }, 60_000);

  it('costs nothing when nobody has asked for it', async () => {
    await start({});
    await call('/repositories/none', {}, `00-${TRACE}-${CALLER}-01`);
    expect(await ended()).toEqual([]);
    // Its packages are not even loaded: one file names them, and that one is imported when needed.
    const sources = globSync('src/**/*.ts').map(
      (file) => [file, readFileSync(file, 'utf8')] as const,
    );
    const naming = (text: RegExp) =>
      sources.flatMap(([file, code]) => (text.test(code) ? file : []));
    expect(naming(/from '@opentelemetry\//)).toEqual(['src/observability/otlp-tracer.ts']);
    expect(naming(/from '[^']*otlp-tracer\.js'/)).toEqual([]);
    expect(naming(/await import\('[^']*otlp-tracer\.js'\)/)).toEqual(['src/app/observing.ts']);
  }, 60_000);
});
