import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Pool, type ClientBase } from 'pg';
import { openPostgresStores } from '../../src/app/postgres-stores.js';
import { configOf, connectorOf } from '../../src/event-log/postgres/connect.js';
import { failureOf } from '../../src/event-log/postgres/failures.js';
import { PostgresEventLoader } from '../../src/event-log/postgres/postgres-event-loader.js';
import { PostgresEventLog } from '../../src/event-log/postgres/postgres-event-log.js';
import { PostgresKvStore } from '../../src/kv-adapter/postgres-kv-store.js';
import { utf8 } from '../../src/shared/bytes.js';
import { about, context, newEvent, notes } from '../support/new-events.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';

/**
 * Statistics that have led the planner astray: nearly all rows in a few large streams and
 * partitions, so that an average one looks large.
 */
const SKEW = `
  INSERT INTO stream (name) SELECT 'big' || n FROM generate_series(1, 5) n;
  INSERT INTO event
    SELECT 1000 * s.id + n, s.id, n, gen_random_uuid(), 1, 1, false, 'T', '', '', '', 'k', '{}'
      FROM stream s, generate_series(0, 9999) n WHERE s.name LIKE 'big%'
    ON CONFLICT DO NOTHING;
  SELECT setval('event_position_last', 10000000);
  INSERT INTO kv_slot (view, version, state) VALUES ('notes', 1, 'active');
  INSERT INTO kv_row
    SELECT s.slot, 'notes/big' || p, int4send(n), 'v', 1, 1
      FROM kv_slot s, generate_series(1, 5) p, generate_series(1, 20000) n WHERE s.view = 'notes';
  ANALYZE`;

/** A connection tells the plan of all that runs on it, inside functions too. */
const EXPLAIN = [
  'session_preload_libraries=auto_explain',
  'auto_explain.log_min_duration=0',
  'auto_explain.log_nested_statements=on',
  'client_min_messages=log',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

describe('every hot statement, under statistics that mislead', () => {
  let database: TestDatabase;
  const plans: string[] = [];

  const listen = (client: ClientBase) => {
    client.on('notice', ({ message = '' }) => plans.push(message));
  };

  beforeAll(async () => {
    database = await freshDatabase();
    const stores = await openPostgresStores({
      connection: database.connection,
      project: () => [],
    });
    await stores.close();
    await database.query(SKEW);

    const config = { ...database.connection, options: EXPLAIN };
    const pool = () => new Pool(configOf(config, 'plans')).on('connect', listen);
    const connect = async () => {
      const client = await connectorOf(config)('plans');
      listen(client);
      return client;
    };
    const log = new PostgresEventLog({ connect, pool: pool(), project: notes, onFatal });
    const kv = new PostgresKvStore({ pool: pool(), snapshotPool: pool(), failureOf, onFatal });
    await exercise(log, kv);
    const loader = new PostgresEventLoader({ connect, pool: pool(), project: notes, onFatal });
    await load(loader);
    await loader.close();
    await log.close();
    await kv.close();
  }, 60_000);
  afterAll(() => database?.drop());

  const plansOf = (part: string) => plans.filter((plan) => plan.includes(part));

  it('is told at all', () => {
    const parts = [
      'append_batch',
      'append_whole',
      'load_events',
      'INSERT INTO event',
      'INSERT INTO kv_row',
      'DELETE FROM kv_row',
      'SELECT revision, closes',
      'k.value, k.schema',
      'page AS MATERIALIZED',
      'ORDER BY revision DESC LIMIT r.amount',
      'event.id = $2::uuid',
    ];
    for (const part of parts) expect([part, plansOf(part).length > 0]).toEqual([part, true]);
  });

  it('reads each table through an index, by what it is asked for', () => {
    const scans = plans.flatMap((plan) =>
      [...plan.matchAll(/(\S+ (?:Only )?Scan)(?: Backward)? (?:using (\S+) )?on (\S+)/g)].map(
        ([, kind = '', index = '', table = '']) => `${kind} ${index} on ${table}`,
      ),
    );
    const known = [
      'Index Scan event_id on event',
      'Index Scan event_pkey on event',
      'Index Scan event_position on event',
      'Index Only Scan event_pkey on event',
      'Index Scan kv_row_pkey on kv_row',
      'Index Scan kv_slot_active on kv_slot',
      'Index Scan stream_name_key on stream',
      'Index Scan stream_pkey on stream',
    ];
    const unknown = [...new Set(scans)].filter((scan) => !known.includes(scan));
    const owned = unknown.filter((scan) => / on (event|kv_row|kv_slot|stream)$/.test(scan));
    expect(owned).toEqual([]);
    for (const scan of known.filter((one) => !one.includes('Only'))) expect(scans).toContain(scan);
  });

  it('never sorts or joins what a table holds', () => {
    for (const plan of plans) {
      expect(plan).not.toMatch(/Hash Join|Merge Join|Bitmap|Seq Scan on (event|kv_row|stream) /);
    }
  });
});

async function exercise(log: PostgresEventLog, kv: PostgresKvStore): Promise<void> {
  for (let round = 0; round < 8; round++) {
    const stream = round % 2 === 0 ? 'big1' : `new${round}`;
    const appends = [
      about('k', { data: { writes: [['put', 'a', 'v']] } }),
      write(['put', 'b', 'v'], ['delete', 'a']),
      ...(round > 4 ? [write(['drop', 'a', 'b'], ['drop', 'a'], ['put', 'c', 'v'])] : []),
    ];
    const guard = { key: utf8('other'), sinceRevision: 9_990 };
    const [first] = appends;
    await log.append([{ stream, expected: 'any', events: appends, guard }], context);
    const alone = write(['put', 'd', 'v'], ['delete', 'd'], ['put', 'e', 'v'], ['delete', 'b']);
    await log.append([{ stream, expected: 'any', events: [alone] }], context);
    await log.append([{ stream: `own${round}`, expected: 'none', events: [write()] }], context);
    await log.read(stream, { from: 0, direction: 'forward', limit: 10 });
    await log.read(stream, { from: 10_000, direction: 'backward', limit: 10 });
    await log.end(stream);
    if (first) await log.find(stream, first.id);
    await log.readAll({ after: 0, limit: 10 });
    await log.readAll({ after: 0, limit: 10, filter: { streamPrefixes: ['new'] } });
    for (const partition of ['notes/big1', `notes/${stream}`]) {
      const get = { kind: 'get', partition, key: utf8('a') } as const;
      const scan = { kind: 'scan', partition, from: utf8('a'), limit: 10 } as const;
      for (const reads of [[get], [scan], [get, scan]]) {
        await kv.read(reads);
        await kv.snapshot((snapshot) => snapshot.read(reads));
      }
    }
    const plain = { bytes: utf8('v'), schema: 1 };
    const version = await kv.setIf('plain/p', utf8(stream + round), plain, undefined);
    const next = await kv.setIf('plain/p', utf8(stream + round), plain, { version });
    await kv.deleteIf('plain/p', utf8(stream + round), { version: next });
  }
}

async function load(loader: PostgresEventLoader): Promise<void> {
  for (let round = 0; round < 8; round++) {
    const writes = [write(['put', 'b', 'v'], ['delete', 'a']), write(['drop', 'a', 'b'])];
    const events = writes.map((event) => ({ ...event, recorded: context }));
    const prepared = loader.prepare([{ stream: `loaded${round}`, expected: -1, events }]);
    expect(prepared && (await loader.load(prepared))).toBe(true);
  }
}

const write = (...writes: string[][]) => newEvent({ data: { writes } });

function onFatal(error: unknown): void {
  throw error;
}
