import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { openPostgresStores } from '../../src/app/postgres-stores.js';
import {
  assertSupported,
  migrate,
  PostgresTooOld,
  readSchemaSteps,
} from '../../src/event-log/postgres/migrate.js';
import { SchemaTooNew } from '../../src/ports/store-errors.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';

describe("the database's schema", () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await freshDatabase();
  }, 60_000);
  afterEach(() => database.drop());

  const open = () => openPostgresStores({ connection: database.connection, project: () => [] });
  const stepsApplied = () =>
    database.query<{ number: number }>('SELECT number FROM schema_step ORDER BY number');

  it('is brought up once when several processes start at the same time', async () => {
    const opened = await Promise.all(Array.from({ length: 6 }, open));
    await Promise.all(opened.map((stores) => stores.close()));
    const steps = await readSchemaSteps();
    expect(await stepsApplied()).toEqual(steps.map(({ number }) => ({ number })));
  });

  it('stays as it is when it is up already', async () => {
    await (await open()).close();
    const before = await stepsApplied();
    await (await open()).close();
    expect(await stepsApplied()).toEqual(before);
  });

  it('is refused when it is newer than the program, and nothing is changed', async () => {
    await (await open()).close();
    await database.query('INSERT INTO schema_step (number) VALUES (999)');
    await expect(open()).rejects.toThrow(SchemaTooNew);
    await expect(open()).rejects.toThrow(/step 999/);
  });

  it('keeps what stands of it when a step fails, and nothing of that step', async () => {
    const before = await readSchemaSteps();
    const broken = { number: before.length + 1, sql: 'CREATE TABLE half (id int); SELECT 1/0' };
    const steps = [...before, broken];
    const client = new Client(database.connection);
    await client.connect();
    await expect(migrate(client, steps)).rejects.toThrow(/division by zero/);
    await client.end();
    expect(await stepsApplied()).toEqual(before.map(({ number }) => ({ number })));
    expect(await database.query(`SELECT FROM pg_class WHERE relname = 'half'`)).toEqual([]);
    await (await open()).close();
  });

  it('is refused on a server that is too old, by its name', () => {
    expect(() => assertSupported({ number: 150_000, name: '15.0' })).not.toThrow();
    expect(() => assertSupported({ number: 140_012, name: '14.12' })).toThrow(
      new PostgresTooOld('Postgres 15 or newer is needed, and this is 14.12'),
    );
  });
});
