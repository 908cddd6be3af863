import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readServerConfig } from '../config/read-config.js';
import { newLogger } from '../observability/logger.js';
import { freshDatabase, type TestDatabase } from '../../test/support/postgres.js';
import { AesSecrets } from './aes-secrets.js';
import { openApp } from './open-app.js';
import { openPlainLog } from './plain-log.js';
import type { OpenApp, RunningApp } from './running-app.js';

const KEY = { adminAccessKeyId: 'AKIAJTESTTESTTESTQ', adminSecretAccessKey: 'secret-for-tests' };
/** The client sends credentials by TLS alone. */
const TLS = join(import.meta.dirname, '../../test/support/streams-tls');
const CERTIFICATE = join(TLS, 'certificate.pem');
const PAIR = `${KEY.adminAccessKeyId}:${KEY.adminSecretAccessKey}`;
/** A name of Moraine's own, which a whole server lets nobody append to. */
const OWN = 'repository-shop';

let folder: string;
let database: TestDatabase;
let taken: Server;
const running: RunningApp[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moraine-plain-'));
  database = await freshDatabase();
});
afterEach(async () => {
  for (const app of running.splice(0)) await app.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function start(open: OpenApp, config: object = {}): Promise<string> {
  const isInMemory = 'eventLog' in config;
  const app = await open({
    config: readServerConfig({
      listen: '127.0.0.1:0',
      streamsListen: 'localhost:0',
      streamsTlsCertificate: CERTIFICATE,
      streamsTlsKey: join(TLS, 'key.pem'),
      ...KEY,
      ...config,
    }),
    data: folder,
    connection: isInMemory ? undefined : database.connection,
    secrets: new AesSecrets('a secret key for tests alone'),
    logger: newLogger('silent'),
    onFatal: (error) => {
      throw error;
    },
  });
  running.push(app);
  return app.listen();
}

const stop = async (): Promise<void> => running.pop()?.close();

async function within<Result>(
  url: string,
  work: (client: EventStoreDBClient) => Promise<Result>,
  pair = PAIR,
): Promise<Result> {
  const address = `${url.replace('esdb://', `esdb://${pair}@`)}?tlsCaFile=${CERTIFICATE}`;
  const client = EventStoreDBClient.connectionString(address);
  try {
    return await work(client);
  } finally {
    await client.dispose();
  }
}

const append = (client: EventStoreDBClient) =>
  client.appendToStream(OWN, jsonEvent({ type: 'Anything', data: { by: 'somebody' } }), {
    expectedRevision: 'no_stream',
  });

async function typesIn(client: EventStoreDBClient): Promise<string[]> {
  const types: string[] = [];
  for await (const { event } of client.readStream(OWN)) types.push(event?.type ?? '');
  return types;
}

describe('a plain log', () => {
  it('takes events into any stream, and has them when it comes up again', async () => {
    await within(await start(openPlainLog), append);
    await stop();
    expect(await within(await start(openPlainLog), typesIn)).toEqual(['Anything']);
  });

  it('is there without a database too', async () => {
    await within(await start(openPlainLog, { eventLog: 'memory' }), async (client) => {
      await append(client);
      expect(await typesIn(client)).toEqual(['Anything']);
    });
  });

  it('knows one key pair, and no other', async () => {
    const url = await start(openPlainLog);
    const wrong = within(url, append, `${KEY.adminAccessKeyId}:another`);
    await expect(wrong).rejects.toMatchObject({ type: 'access-denied' });
  });

  it('does not start without one, unless it is open to anybody', async () => {
    const nobody = { adminAccessKeyId: undefined, adminSecretAccessKey: undefined };
    await expect(start(openPlainLog, nobody)).rejects.toThrow('MORAINE_ADMIN_ACCESS_KEY_ID');
    const url = await start(openPlainLog, { ...nobody, streamsInsecure: true });
    await within(url, append, 'who:ever');
  });

  it('does not start when nobody could reach it', async () => {
    await expect(start(openPlainLog, { streamsListen: 'off' })).rejects.toThrow('is of no use');
  });

  it('is never the database of a whole server, nor the other way round', async () => {
    await start(openApp);
    await stop();
    await expect(start(openPlainLog)).rejects.toThrow('start it by `moraine serve`');
  });

  it('is not taken for an installation by a server', async () => {
    const url = await start(openPlainLog);
    await within(url, (client) =>
      client.appendToStream('installation', jsonEvent({ type: 'Anything', data: {} })),
    );
    await stop();
    await expect(start(openApp)).rejects.toThrow('start it by `moraine log`');
  });
});

describe('where the protocol is served', () => {
  beforeEach(async () => {
    taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
  });
  afterEach(() => {
    taken.close();
  });

  it('an address that was asked for and is taken ends the start', async () => {
    const { port } = taken.address() as { port: number };
    const started = start(openPlainLog, { streamsListen: `127.0.0.1:${port}` });
    await expect(started).rejects.toThrow(/EADDRINUSE.*MORAINE_STREAMS_LISTEN/);
  });

  it('a certificate that cannot be read ends the start, by its name', async () => {
    const tls = { streamsTlsCertificate: join(folder, 'none.pem'), streamsTlsKey: 'none' };
    await expect(start(openPlainLog, tls)).rejects.toThrow('none.pem');
  });
});
