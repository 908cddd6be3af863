import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AesSecrets } from '../../src/app/aes-secrets.js';
import { openApp } from '../../src/app/open-app.js';
import type { RunningApp } from '../../src/app/running-app.js';
import { readServerConfig } from '../../src/config/read-config.js';
import { newLogger } from '../../src/observability/logger.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { loggedEvents, wrongWith } from './expected-feed.js';
import { FeedCalls, positionsOf } from './feed-calls.js';
import type { FeedMessage } from './feed-client.js';

const KEY = { adminAccessKeyId: 'AKIAJTESTTESTTESTQ', adminSecretAccessKey: 'a secret for tests' };

interface OneNode {
  readonly app: RunningApp;
  readonly calls: FeedCalls;
}

describe('the feed of two nodes on one Postgres', () => {
  let database: TestDatabase;
  let folder: string;
  const nodes: OneNode[] = [];

  /** Starts one, which has seen nothing of the log. */
  const start = async (): Promise<OneNode> => {
    const app = await openApp({
      config: readServerConfig({ listen: '127.0.0.1:0', streamsListen: 'off', ...KEY }),
      data: join(folder, 'data'),
      connection: database.connection,
      secrets: new AesSecrets('a secret key for tests alone'),
      logger: newLogger('silent'),
      onFatal: (error) => {
        throw error;
      },
    });
    const url = await app.listen();
    const basic = Buffer.from(`${KEY.adminAccessKeyId}:${KEY.adminSecretAccessKey}`);
    const authorization = `Basic ${basic.toString('base64')}`;
    const call = (path: string, init: RequestInit = {}) => {
      const headers = { authorization, ...Object.fromEntries(new Headers(init.headers)) };
      return fetch(url + path, { ...init, headers });
    };
    const calls = new FeedCalls({ url, folder, call, close: () => app.close() });
    const node = { app, calls };
    nodes.push(node);
    return node;
  };

  beforeAll(async () => {
    database = await freshDatabase();
    folder = await mkdtemp(join(tmpdir(), 'moraine-feed-nodes-'));
    await mkdir(join(folder, 'data'));
  }, 60_000);
  afterAll(async () => {
    for (const { app, calls } of nodes) {
      calls.cut();
      await app.close();
    }
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  it('goes on from node to node, and through restarts, with no gap and nothing twice', async () => {
    const first = await start();
    const lake = await first.calls.repository();
    const told: FeedMessage[] = [];
    let node = first;
    let lastId = '';
    for (let round = 0; round < 4; round++) {
      const headers = lastId === '' ? {} : { 'last-event-id': lastId };
      const client = await node.calls.opened('?from=beginning', headers);
      await Promise.all(
        Array.from({ length: 20 }, (_, at) => node.calls.upload(lake, `${round}/${at}`)),
      );
      await client.until(() => client.messages.length >= 10 + round);
      // One node goes and another one comes; the third time both are there.
      if (round < 2) await node.app.close();
      else client.cut();
      await client.ended;
      told.push(...client.messages);
      lastId = client.lastId;
      if (round < 3) node = await start();
    }
    const last = await node.calls.opened('', { 'last-event-id': lastId });
    await node.calls.upload(lake, 'the last one');
    const logged = await loggedEvents(database.connection);
    const rest = logged.filter(({ position }) => position > Number(lastId));
    await last.until(() => last.messages.length >= rest.length);
    const positions = Uint32Array.from(positionsOf([...told, ...last.messages]));
    expect(
      wrongWith(
        positions,
        logged.map(({ position }) => position),
      ),
    ).toBeUndefined();
  }, 60_000);
});
