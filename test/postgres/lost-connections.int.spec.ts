import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NewEvent } from '../../src/ports/event-log.js';
import { StoreUnavailable, UnknownOutcome } from '../../src/ports/store-errors.js';
import { Client } from 'pg';
import { openPostgresStores, type PostgresStores } from '../../src/app/postgres-stores.js';
import { CuttingProxy, type Way } from '../support/cutting-proxy.js';
import { context, newEvent, newStream, notes } from '../support/new-events.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { seed } from '../support/seed.js';
import { SeededRandom } from '../support/seeded-random.js';

describe('an append whose connection is lost', () => {
  let database: TestDatabase;
  let proxy: CuttingProxy;
  let stores: PostgresStores;
  const open = async (outcomeMsMax: number): Promise<PostgresStores> => {
    const port = await proxy.listen();
    const connection = { ...database.connection, host: '127.0.0.1', port };
    return openPostgresStores({ connection, project: notes, outcomeMsMax });
  };

  beforeAll(async () => {
    database = await freshDatabase();
    proxy = new CuttingProxy(`${database.connection.host}/.s.PGSQL.5432`);
    stores = await open(10_000);
  }, 60_000);
  afterAll(async () => {
    await stores?.close();
    await proxy?.close();
    await database?.drop();
  });

  const idsIn = async (stream: string) =>
    (
      await database.query<{ id: string }>(
        `SELECT event.id FROM event JOIN stream ON stream.id = event.stream
          WHERE stream.name = $1 ORDER BY revision`,
        [stream],
      )
    ).map(({ id }) => id);

  async function appendCut(stream: string, way: Way, bytes: number): Promise<[NewEvent, boolean]> {
    const event = newEvent({ data: { writes: [['put', 'k', 'v']] } });
    proxy.cutAfter(bytes, way);
    const [result] = await stores.log.append(
      [{ stream, expected: 'any', events: [event] }],
      context,
    );
    proxy.leaveWhole();
    return [event, result?.isRepeated ?? false];
  }

  const sweeps: readonly { way: Way; step: number; max: number }[] = [
    { way: 'toServer', step: 24, max: 2_000 },
    { way: 'toClient', step: 1, max: 140 },
  ];
  for (const { way, step, max } of sweeps) {
    it(`is in exactly once, wherever the bytes ${way} end`, async () => {
      const stream = newStream();
      const events: NewEvent[] = [];
      let repeatedCount = 0;
      const before = proxy.cutCount;
      for (let bytes = 0; bytes <= max; bytes += step) {
        const [event, isRepeated] = await appendCut(stream, way, bytes);
        events.push(event);
        if (isRepeated) repeatedCount++;
      }
      expect(await idsIn(stream)).toEqual(events.map(({ id }) => id));
      // The sweep reached into the call and beyond its end; else it would show nothing.
      const cutCount = proxy.cutCount - before;
      expect(cutCount).toBeGreaterThan(20);
      expect(cutCount).toBeLessThan(events.length);
      // What was cut on the way back was in already, and what was cut on the way there was not.
      if (way === 'toClient') expect(repeatedCount).toBeGreaterThan(20);
      else expect(repeatedCount).toBeLessThan(cutCount);
    }, 120_000);
  }

  it('is not sent again before the session that was lost is gone from the server', async () => {
    const holder = new Client(database.connection);
    await holder.connect();
    await holder.query('SELECT pg_advisory_lock(6073911)');
    const sessions = async () =>
      (
        await database.query<{ pid: number }>(
          `SELECT pid FROM pg_stat_activity WHERE application_name = 'moraine append'
            AND wait_event = 'advisory' AND datname = current_database()`,
        )
      ).map(({ pid }) => pid);
    const until = async (isSo: (pids: readonly number[]) => boolean) => {
      for (;;) {
        const pids = await sessions();
        if (isSo(pids)) return pids;
      }
    };
    const stream = newStream();
    const event = newEvent();
    const sent = stores.log.append([{ stream, expected: 'none', events: [event] }], context);
    const [lost] = await until((pids) => pids.length === 1);
    // A session that waits for a lock does not notice that its client is gone.
    proxy.dropClients();
    const [second] = await until((pids) => pids.length > 0 && pids[0] !== lost);
    expect(await sessions()).toEqual([second]);
    await holder.end();
    expect(await sent).toMatchObject([{ revision: 0, isRepeated: false }]);
    expect(await idsIn(stream)).toEqual([event.id]);
  }, 60_000);

  it(`is in exactly once when the server ends sessions at will (SEED=${seed})`, async () => {
    const random = new SeededRandom(seed);
    const stream = newStream();
    const acknowledged: NewEvent[] = [];
    const isDone = new AbortController();
    const writers = Array.from({ length: 8 }, async () => {
      while (!isDone.signal.aborted) {
        const event = newEvent();
        await stores.log.append([{ stream, expected: 'any', events: [event] }], context);
        acknowledged.push(event);
      }
    });
    let endedCount = 0;
    for (let round = 0; round < 40; round++) {
      const goal = acknowledged.length + 1 + random.below(30);
      while (acknowledged.length < goal) await new Promise((next) => setImmediate(next));
      const ended = await database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name = 'moraine append' AND datname = current_database()`,
      );
      endedCount += ended.length;
    }
    isDone.abort();
    await Promise.all(writers);
    expect(endedCount).toBeGreaterThan(20);
    const stored = await idsIn(stream);
    expect(stored).toHaveLength(acknowledged.length);
    expect(new Set(stored)).toEqual(new Set(acknowledged.map(({ id }) => id)));
  }, 120_000);
});

/** What keeps a server from saying what became of an append, and what takes that away again. */
const HINDRANCES = [
  {
    name: 'lets nobody in',
    from: 'postgres',
    by: (database: string) => `ALTER DATABASE ${database} ALLOW_CONNECTIONS false`,
    ended: (database: string) => `ALTER DATABASE ${database} ALLOW_CONNECTIONS true`,
  },
  {
    name: 'does not know the call',
    from: undefined,
    by: () => 'ALTER FUNCTION append_batch RENAME TO append_batch_gone',
    ended: () => 'ALTER FUNCTION append_batch_gone RENAME TO append_batch',
  },
];

describe('an append that is in, and whose answer is lost', () => {
  it.each(HINDRANCES)(
    'is unknown, not refused, where the server $name',
    async (hindrance) => {
      const database = await freshDatabase();
      const proxy = new CuttingProxy(`${database.connection.host}/.s.PGSQL.5432`);
      const connection = { ...database.connection, host: '127.0.0.1', port: await proxy.listen() };
      const stores = await openPostgresStores({
        connection,
        project: () => [],
        outcomeMsMax: 1_000,
      });
      const { database: name = '' } = database.connection;
      const operator = new Client({ ...database.connection, database: hindrance.from ?? name });
      await operator.connect();
      const stream = newStream();
      const append = (event: NewEvent) =>
        stores.log.append([{ stream, expected: 'any', events: [event] }], context);
      await append(newEvent());
      const event = newEvent();
      // Who was cut off gets in again behind the hindrance.
      proxy.refuse(true);
      proxy.cutAfter(1, 'toClient');
      const told = append(event).catch((error: unknown) => error);
      while (proxy.cutCount === 0) await new Promise((next) => setImmediate(next));
      await operator.query(hindrance.by(name));
      proxy.refuse(false);
      expect(await told).toBeInstanceOf(UnknownOutcome);
      await operator.query(hindrance.ended(name));
      expect(await append(event)).toMatchObject([{ revision: 1, isRepeated: true }]);
      await operator.end();
      await stores.close();
      await proxy.close();
      await database.drop();
    },
    60_000,
  );
});

describe('an append without a database', () => {
  it('is unavailable when it was never sent, and unknown when it was', async () => {
    const database = await freshDatabase();
    const proxy = new CuttingProxy(`${database.connection.host}/.s.PGSQL.5432`);
    const port = await proxy.listen();
    const connection = { ...database.connection, host: '127.0.0.1', port };
    const stores = await openPostgresStores({ connection, project: () => [], outcomeMsMax: 300 });
    const append = () =>
      stores.log.append([{ stream: newStream(), expected: 'any', events: [newEvent()] }], context);
    await append();
    proxy.cutAfter(100, 'toServer');
    const sent = append();
    const closed = sent.catch(() => undefined).then(() => undefined);
    // From the cut on nobody listens there.
    const gone = (async () => {
      while (proxy.cutCount === 0) await new Promise((next) => setImmediate(next));
      await proxy.close();
    })();
    await expect(sent).rejects.toThrow(UnknownOutcome);
    await Promise.all([closed, gone]);
    await expect(append()).rejects.toThrow(StoreUnavailable);
    await expect(stores.log.end('any')).rejects.toThrow(StoreUnavailable);
    await stores.close();
    await expect(append()).rejects.toThrow(StoreUnavailable);
    await database.drop();
  }, 60_000);
});
