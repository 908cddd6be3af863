import { readFileSync } from 'node:fs';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { DomainError } from '../../src/domain/errors.js';
import { isOwnStream, OWN_STREAM_PREFIXES } from '../../src/domain/stream-names.js';
import { opaqueMethod } from '../../src/streams/protocol/protocol.js';
import {
  plain,
  proposed,
  RawStreamsClient,
  refusal,
  streamNamed,
} from '../support/raw-streams-client.js';
import { type StreamsFixture, streamsServer } from '../support/streams-server.js';

const KEY = ['AKIAJTESTTESTTESTQ', 'a secret: with a colon'] as const;
const identify = async ({ header }: { header: string }) => {
  if (Buffer.from(header.slice(6), 'base64').toString() === KEY.join(':')) return 'admin';
  throw new DomainError('authentication_failed');
};

let server: StreamsFixture;
beforeAll(async () => {
  server = await streamsServer({ access: { identify, isOwn: isOwnStream } });
});
afterAll(async () => {
  await server.close();
  expect(server.faults).toEqual([]);
});

const target = (stream: string) => ({ stream: streamNamed(stream), any: {} });

describe('who speaks the protocol', () => {
  it.each([
    ['nobody', undefined],
    ['somebody else', ['AKIAJTESTTESTTESTQ', 'another secret'] as const],
  ])('is asked who they are: %s may do nothing', async (_, key) => {
    const client = new RawStreamsClient(server.port);
    if (key) client.signIn(...key);
    const options = target('mine');
    const all = { all: { start: {} }, count: 1 };
    for (const call of [
      () => client.read(all),
      () => client.read({ all: { start: {} }, subscription: {} }),
      () => client.append(options, proposed()),
      () => client.batchAppend({ correlationId: { string: crypto.randomUUID() }, options }),
      () => client.call('Delete', { options }),
      () => client.call('Tombstone', { options }),
    ]) {
      expect(await refusal(call())).toEqual({ code: 16, exception: 'access-denied' });
    }
    client.close();
    expect((await server.log.readAll({ after: 0, limit: 1 })).length).toBe(0);
  });

  it('may ask what there is without saying who they are', async () => {
    const gossip = new RawStreamsClient(server.port, 'event_store.client.gossip.Gossip');
    expect(plain(await gossip.call('Read'))).toEqual({
      members: [
        {
          instanceId: { structured: expect.anything() },
          at: expect.any(Number),
          state: 8,
          isAlive: true,
          endPoint: { address: '127.0.0.1', port: server.port },
        },
      ],
    });
    gossip.close();
    const service = 'event_store.client.server_features.ServerFeatures';
    const features = new RawStreamsClient(server.port, service);
    const { methods, version } = plain(await features.call('GetSupportedMethods')) as {
      methods: { method: string; service: string }[];
      version: string;
    };
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(methods.map(({ method }) => method)).toContain('batchappend');
    features.close();
  });

  it('appends under their name, to streams that are not our own', async () => {
    const client = new RawStreamsClient(server.port);
    client.signIn(...KEY);
    await client.append(target('mine'), proposed());
    const [recorded] = await server.log.readAll({ after: 0, limit: 1 });
    expect(recorded).toMatchObject({ stream: 'mine', caller: 'admin' });
    for (const prefix of OWN_STREAM_PREFIXES) {
      for (const stream of [`${prefix}x`, `$$${prefix}x`]) {
        const options = target(stream);
        const refused = { code: 7, exception: 'access-denied' };
        expect(await refusal(client.append(options, proposed()))).toEqual(refused);
        expect(await refusal(client.call('Delete', { options }))).toEqual(refused);
        expect(await refusal(client.call('Tombstone', { options }))).toEqual(refused);
        const correlationId = { string: crypto.randomUUID() };
        const [answer] = await client.batchAppend({ correlationId, options, isFinal: true });
        expect(answer).toMatchObject({
          error: {
            code: 7,
            details: { typeUrl: 'type.googleapis.com/event_store.client.AccessDenied' },
          },
        });
        expect((await server.log.end(stream)).revision).toBe(-1);
      }
    }
    client.close();
  });
});

describe('what the protocol has and this server has not', () => {
  it.each([
    ['persistent_subscriptions.PersistentSubscriptions', 'Create', 'subscribe to the stream'],
    ['persistent_subscriptions.PersistentSubscriptions', 'Read', 'subscribe to the stream'],
    ['projections.Projections', 'Statistics', 'make your own'],
    ['users.Users', 'Create', 'by its API'],
    ['operations.Operations', 'StartScavenge', 'nothing to scavenge'],
    ['monitoring.Monitoring', 'Stats', '/metrics'],
  ])('is said of %s to %s', async (service, method, says) => {
    const isStream = ['Read', 'Statistics', 'Stats'].includes(method);
    const path = `/event_store.client.${service}/${method}`;
    const shape = { requestStream: method === 'Read', responseStream: isStream };
    const definition = { [method]: opaqueMethod(path, shape) };
    const Client = makeGenericClientConstructor(definition, service);
    const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
    const { promise, reject } = Promise.withResolvers<never>();
    const call = client[method] as (...of: unknown[]) => { on(...of: unknown[]): unknown };
    if (isStream) {
      const stream = shape.requestStream ? call.call(client) : call.call(client, Buffer.alloc(0));
      stream.on('error', reject);
      stream.on('data', () => undefined);
    } else call.call(client, Buffer.alloc(0), reject);
    const details = expect.stringContaining(says);
    await expect(promise).rejects.toMatchObject({ code: 12, details });
    client.close();
  });
});

describe('by TLS', () => {
  const file = (name: string) => new URL(`../support/streams-tls/${name}`, import.meta.url);

  it("EventStoreDB's client says who it is, and is let in", async () => {
    const tls = {
      certificates: readFileSync(file('certificate.pem')),
      key: readFileSync(file('key.pem')),
    };
    const safe = await streamsServer({ access: { identify }, tls });
    const trusted = encodeURIComponent(file('certificate.pem').pathname);
    const at = `localhost:${safe.port}?tlsCAFile=${trusted}`;
    const pair = KEY.map(encodeURIComponent).join(':');
    const client = EventStoreDBClient.connectionString(`esdb://${pair}@${at}`);
    await client.appendToStream('orders', jsonEvent({ type: 'Placed', data: {} }));
    expect((await safe.log.readAll({ after: 0, limit: 9 })).map(({ caller }) => caller)).toEqual([
      'admin',
    ]);
    await client.dispose();
    const stranger = EventStoreDBClient.connectionString(`esdb://${at}`);
    const refused = stranger.appendToStream('orders', jsonEvent({ type: 'Placed', data: {} }));
    await expect(refused).rejects.toMatchObject({ type: 'access-denied' });
    await stranger.dispose();
    await safe.close();
  });
});
