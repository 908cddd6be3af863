import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryEventLog } from '../../src/event-log/memory-event-log.js';
import { MemoryKvStore } from '../../src/kv-adapter/memory-kv-store.js';
import type { NewEvent } from '../../src/ports/event-log.js';
import { utf8 } from '../../src/shared/bytes.js';
import type { OpenedLog } from '../contract/event-log/opened-log.js';
import { CuttingProxy, type Way } from '../support/cutting-proxy.js';
import { context, newEvent, newStream, notes } from '../support/new-events.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { streamsServer, type StreamsFixture } from '../support/streams-server.js';
import { openNode } from './opened.js';

/** What lies between a node and its store breaks, at every place it can. */
describe('between a node and its store', () => {
  let log: MemoryEventLog;
  let server: StreamsFixture;
  let database: TestDatabase;
  let proxy: CuttingProxy;
  let node: OpenedLog;

  beforeEach(async () => {
    log = new MemoryEventLog({ kv: new MemoryKvStore(), project: () => [] });
    server = await streamsServer({ log });
    database = await freshDatabase();
    proxy = new CuttingProxy(server.port);
    const connectionString = `esdb://127.0.0.1:${await proxy.listen()}?tls=false`;
    const { connection } = database;
    node = await openNode({
      connectionString,
      connection,
      project: notes,
      outcomeMsMax: 8_000,
      appendMsMax: 1_000,
    });
  });
  afterEach(async () => {
    await node.close();
    await proxy.close();
    await server.close();
    await log.close();
    await database.drop();
  });

  const append = async (stream: string, event: NewEvent) =>
    (await node.log.append([{ stream, expected: 'any', events: [event] }], context))[0];
  const written = async (stream: string) => {
    const events = await log.read(stream, { from: 0, direction: 'forward', limit: 1000 });
    return events.map(({ id }) => id);
  };
  const putting = (n: number) => newEvent({ data: { writes: [['put', 'k', String(n)]] } });
  const shown = async (stream: string) => {
    const partition = `notes/${stream}`;
    const [rows] = await node.kv.read([{ kind: 'get', partition, key: utf8('k') }]);
    return rows?.map(({ value }) => Buffer.from(value).toString())[0];
  };

  for (const [way, bytes] of [
    ['toServer', 600],
    ['toClient', 700],
  ] as readonly (readonly [Way, number])[]) {
    it(`a cut after any number of bytes ${way} loses and doubles nothing`, async () => {
      const stream = newStream();
      const asked: string[] = [];
      const places = Array.from({ length: 20 }, (_, n) => Math.round((n * bytes) / 20));
      for (const [n, place] of places.entries()) {
        proxy.cutAfter(place, way);
        const event = putting(n);
        await append(stream, event);
        asked.push(event.id);
        expect(await shown(stream)).toBe(String(n));
      }
      proxy.leaveWhole();
      expect(proxy.cutCount).toBeGreaterThanOrEqual(places.length / 2);
      expect(await written(stream)).toEqual(asked);
    }, 120_000);
  }

  it('the server may go and come back while many write', async () => {
    const stream = newStream();
    const events = Array.from({ length: 16 }, () =>
      Array.from({ length: 12 }, (_, n) => putting(n)),
    );
    const writing = Promise.all(
      events.map(async (own) => {
        for (const event of own) await append(stream, event);
      }),
    );
    const { port } = server;
    for (let round = 0; round < 3; round++) {
      await sleep(100);
      await server.close();
      await sleep(100);
      server = await streamsServer({ log, port });
    }
    await writing;
    const ids = await written(stream);
    expect(ids.toSorted()).toEqual(events.flatMap((own) => own.map(({ id }) => id)).toSorted());
    for (const own of events) {
      const order = own.map(({ id }) => ids.indexOf(id));
      expect(order).toEqual(order.toSorted((left, right) => left - right));
    }
  }, 120_000);

  it('a consumer that stands still keeps nobody waiting, and gets everything later', async () => {
    const many = Array.from({ length: 2_000 }, () => newEvent());
    const stream = newStream('feed-');
    for (let n = 0; n < many.length; n += 1_000) {
      const events = many.slice(n, n + 1_000);
      await log.append([{ stream, expected: 'any', events }], context);
    }
    const done = new AbortController();
    const filter = { streamPrefixes: ['feed-'] };
    const got: string[] = [];
    const others = Promise.withResolvers<void>();
    const consuming = (async () => {
      for await (const event of node.log.subscribe({ after: 0, signal: done.signal, filter })) {
        got.push(event.id);
        if (got.length === 100) await others.promise;
        if (got.length === many.length) done.abort();
      }
    })();
    const other = newStream();
    for (let n = 0; n < 5; n++) await append(other, putting(n));
    expect(await shown(other)).toBe('4');
    expect(got).toHaveLength(100);
    others.resolve();
    await consuming;
    expect(got).toEqual(many.map(({ id }) => id));
  }, 120_000);
});
