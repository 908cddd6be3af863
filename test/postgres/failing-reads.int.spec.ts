import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { openPostgresStores, type PostgresStores } from '../../src/app/postgres-stores.js';
import type { KvRead, KvRow } from '../../src/ports/kv-store.js';
import { StoreUnavailable } from '../../src/ports/store-errors.js';
import { utf8 } from '../../src/shared/bytes.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';

const PARTITION = 'plain/failing';
const KEY = utf8('key');
const GET: KvRead = { kind: 'get', partition: PARTITION, key: KEY };
const SCAN: KvRead = { kind: 'scan', partition: PARTITION, limit: 10 };
/** What a statement that waits for the table can meet. */
const ENDS = {
  'is cancelled': 'pg_cancel_backend',
  'loses its connection': 'pg_terminate_backend',
} as const;

let database: TestDatabase;
let stores: PostgresStores;
let holder: Client;

beforeAll(async () => {
  database = await freshDatabase();
  stores = await openPostgresStores({ connection: database.connection, project: () => [] });
  await stores.kv.setIf(PARTITION, KEY, { bytes: utf8('value'), schema: 1 }, undefined);
}, 60_000);
beforeEach(async () => {
  holder = new Client(database.connection);
  await holder.connect();
});
afterAll(async () => {
  await stores?.close();
  await database?.drop();
});

/** Ends those who wait for the table, in the middle of their statement. */
async function endWaiting(how: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const ended = await database.query<{ done: boolean }>(
      `SELECT ${how}(pid) AS done FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (ended.length > 0) return;
    await delay(20);
  }
  throw new Error('nobody waits');
}

const textsOf = (rows: readonly (readonly KvRow[])[]) =>
  rows.map((found) => found.map(({ value }) => Buffer.from(value).toString()));

describe.each(Object.entries(ENDS))('a read of the views that %s', (_, how) => {
  it('is asked again, or refused, and never taken for one that found nothing', async () => {
    await holder.query('BEGIN; LOCK TABLE kv_row IN ACCESS EXCLUSIVE MODE');
    const reading = stores.kv.read([GET, SCAN]).then(textsOf, (error: unknown) => error);
    await endWaiting(how);
    await holder.query('COMMIT');
    await holder.end();
    const found = await reading;
    // Of what takes too long nobody asks again; its caller hears that the store is away.
    if (!(found instanceof StoreUnavailable)) expect(found).toEqual([['value'], ['value']]);
    expect(textsOf(await stores.kv.read([GET]))).toEqual([['value']]);
  }, 60_000);

  it('breaks the snapshot that it is of', async () => {
    await holder.query('BEGIN; LOCK TABLE kv_row IN ACCESS EXCLUSIVE MODE');
    const reading = stores.kv.snapshot(async ({ read }) => textsOf(await read([GET])));
    const failed = expect(reading).rejects.toThrow(Error);
    await endWaiting(how);
    await holder.query('COMMIT');
    await holder.end();
    await failed;
    const again = stores.kv.snapshot(async ({ read }) => textsOf(await read([GET])));
    expect(await again).toEqual([['value']]);
  }, 60_000);
});
