import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openPostgresStores, type PostgresStores } from '../../src/app/postgres-stores.js';
import { newStream } from '../support/new-events.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { plain, proposed, RawStreamsClient, streamNamed } from '../support/raw-streams-client.js';
import { type StreamsFixture, streamsServer } from '../support/streams-server.js';

/** Two servers of one database, and a client of each. */
interface Node {
  readonly stores: PostgresStores;
  readonly server: StreamsFixture;
  readonly client: RawStreamsClient;
}

let database: TestDatabase;
const nodes: Node[] = [];
beforeAll(async () => {
  database = await freshDatabase();
  for (let n = 0; n < 2; n++) {
    const stores = await openPostgresStores({ ...database, project: () => [] });
    const server = await streamsServer({ log: stores.log });
    nodes.push({ stores, server, client: new RawStreamsClient(server.port) });
  }
}, 120_000);
afterAll(async () => {
  for (const { stores, server, client } of nodes) {
    client.close();
    await server.close();
    await stores.close();
    expect(server.faults).toEqual([]);
  }
  await database.drop();
});

const client = (n: number): RawStreamsClient => (nodes[n % 2] as Node).client;
const target = (stream: string, expected: object) => ({ stream: streamNamed(stream), ...expected });
const append = (n: number, stream: string, count = 1) =>
  client(n).append(target(stream, { any: {} }), ...Array.from({ length: count }, () => proposed()));
const endOf = async (stream: string) => nodes[0]?.stores.log.end(stream);

describe('servers of one database', () => {
  it('let a follower of one hear what is appended by the other, each event once', async () => {
    const stream = newStream();
    const of = { stream: { stream: streamNamed(stream), start: {} } };
    const call = client(0).open({ ...of, subscription: {} });
    const seen: number[] = [];
    const following = (async () => {
      for await (const message of call) {
        const { event } = plain(message) as { event?: { event: { revision: number } } };
        if (event) seen.push(event.event.revision);
        if (seen.length === 30) break;
      }
      call.cancel();
    })();
    for (let n = 0; n < 10; n++) await append(n, stream, 3);
    await following;
    expect(seen).toEqual(Array.from({ length: 30 }, (_, revision) => revision));
  });

  it('agree on where a stream ends for ever, whoever writes at that moment', async () => {
    for (let round = 0; round < 5; round++) {
      const stream = newStream();
      await append(0, stream);
      const writers = Array.from({ length: 8 }, (_, n) => append(n, stream));
      const ending = client(1).call('Tombstone', { options: target(stream, { any: {} }) });
      const later = Array.from({ length: 8 }, (_, n) => append(n, stream));
      const outcomes = await Promise.allSettled([...writers, ...later]);
      await ending;
      const end = await endOf(stream);
      expect(end?.isClosed).toBe(true);
      const taken = outcomes.filter(({ status }) => status === 'fulfilled').length;
      expect(end?.revision).toBe(taken + 1);
    }
  });

  it('begin a deleted stream again once, with its metadata in the same step', async () => {
    const stream = newStream();
    await append(0, stream, 3);
    await client(0).call('Delete', { options: target(stream, { any: {} }) });
    await Promise.all(Array.from({ length: 6 }, (_, n) => append(n, stream)));
    const read = { stream: { stream: streamNamed(stream), start: {} }, count: 99 };
    const messages = plain(await client(1).read(read)) as {
      event: { event: { revision: number } };
    }[];
    expect(messages.map(({ event }) => event.event.revision)).toEqual([3, 4, 5, 6, 7, 8]);
    const found = await nodes[0]?.stores.log.read(`$$${stream}`, {
      from: Number.MAX_SAFE_INTEGER,
      direction: 'backward',
      limit: 1,
    });
    expect(found?.map(({ revision, data }) => [revision, data['data']])).toEqual([
      [1, '{"$tb":3}'],
    ]);
  });

  it('keep NUL, bytes that are no text, and what JSON would not keep', async () => {
    const stream = newStream();
    const data = [
      Buffer.from('{"a": "\\u0000\\ud800"}'),
      Buffer.from([0, 255, 254]),
      Buffer.from('\0'),
    ];
    const events = data.map((bytes) => proposed({ data: bytes, customMetadata: bytes }));
    await client(0).append(target(stream, { noStream: {} }), ...events);
    const read = { stream: { stream: streamNamed(stream), start: {} }, count: 9 };
    const messages = (await client(1).read(read)) as {
      event: { event: { data: Buffer; customMetadata: Buffer } };
    }[];
    expect(messages.map(({ event }) => [...event.event.data])).toEqual(data.map((one) => [...one]));
    expect(messages.map(({ event }) => [...event.event.customMetadata])).toEqual(
      data.map((one) => [...one]),
    );
  });
});
