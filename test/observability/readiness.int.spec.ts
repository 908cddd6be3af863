import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AesSecrets } from '../../src/app/aes-secrets.js';
import { openApp } from '../../src/app/open-app.js';
import type { RunningApp } from '../../src/app/running-app.js';
import { readServerConfig } from '../../src/config/read-config.js';
import { newLogger } from '../../src/observability/logger.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';

let app: RunningApp;
let folder: string;
let url: string;
let database: TestDatabase | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moraine-ready-'));
});
afterEach(async () => {
  await app.close();
  await database?.drop();
  database = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function start(on?: TestDatabase): Promise<void> {
  app = await openApp({
    config: readServerConfig({
      listen: '127.0.0.1:0',
      streamsListen: 'off',
      ...(on ? {} : { eventLog: 'memory' }),
    }),
    data: folder,
    connection: on?.connection,
    secrets: new AesSecrets('a secret key for tests alone'),
    logger: newLogger('silent'),
    onFatal: (error) => {
      throw error;
    },
  });
  url = await app.listen();
}

async function ready(): Promise<{ status: number; wrong: unknown }> {
  const response = await fetch(`${url}/readyz`);
  const report = (await response.json()) as Report;
  expect(report.status).toBe(response.ok ? 'ready' : 'not ready');
  const names = report.checks.map(({ name }) => name);
  expect(names).toEqual(['stopping', 'log', 'views', 'objects']);
  return { status: response.status, wrong: report.checks.filter(({ ok }) => !ok) };
}

interface Report {
  readonly status: string;
  readonly checks: readonly { name: string; ok: boolean; why?: string }[];
}

describe('whether a server is ready', () => {
  it('is said with the reason against it: it is about to stop', async () => {
    await start();
    expect(await ready()).toEqual({ status: 200, wrong: [] });
    expect((await fetch(`${url}/_health`)).headers.get('connection')).toBe('keep-alive');
    app.drain();
    expect(await ready()).toEqual({
      status: 503,
      wrong: [{ name: 'stopping', ok: false, why: 'the server is about to stop' }],
    });
    // What comes all the same is answered, and its connection is not kept.
    const version = await fetch(`${url}/api/v1/setup_lakefs`);
    expect([version.status, version.headers.get('connection')]).toEqual([200, 'close']);
  });

  it('is said with the reason against it: its objects are gone', async () => {
    await start();
    await rename(join(folder, 'objects'), join(folder, 'elsewhere'));
    expect(await ready()).toEqual({
      status: 503,
      wrong: [{ name: 'objects', ok: false, why: 'it does not answer' }],
    });
    await rename(join(folder, 'elsewhere'), join(folder, 'objects'));
    expect(await ready()).toEqual({ status: 200, wrong: [] });
  });

  it('is said in time, and in no words of the driver, when its database is gone', async () => {
    database = await freshDatabase();
    await start(database);
    expect(await ready()).toEqual({ status: 200, wrong: [] });
    await database.drop();
    const askedAtMs = performance.now();
    const { status, wrong } = await ready();
    expect(performance.now() - askedAtMs).toBeLessThan(10_000);
    expect({ status, wrong }).toEqual({
      status: 503,
      wrong: [
        { name: 'log', ok: false, why: expect.any(String) },
        { name: 'views', ok: false, why: expect.any(String) },
      ],
    });
    expect(JSON.stringify(wrong)).not.toMatch(/postgres|test_|moraine-pg/);
    expect((await fetch(`${url}/_health`)).status).toBe(200);
  }, 60_000);
});
