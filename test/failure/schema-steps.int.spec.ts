import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { migrate, readSchemaSteps } from '../../src/event-log/postgres/migrate.js';
import { onFailpoint } from '../../src/shared/failpoint.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';

/** Everything in a schema that a program could trip over. */
const SCHEMA = `
  SELECT 'column' AS kind, table_name || '.' || column_name AS name,
         data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') AS what
    FROM information_schema.columns WHERE table_schema = 'public'
  UNION ALL
  SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL
  SELECT 'function', p.oid::regprocedure::text, md5(p.prosrc)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'public'
  UNION ALL
  SELECT 'step', number::text, '' FROM schema_step
  ORDER BY 1, 2`;

let whole: TestDatabase;
let cut: TestDatabase;

beforeEach(async () => {
  whole = await freshDatabase();
  cut = await freshDatabase();
});
afterEach(async () => {
  onFailpoint(undefined);
  await whole.drop();
  await cut.drop();
});

async function migrated({ connection }: TestDatabase): Promise<void> {
  const client = new Client(connection);
  await client.connect();
  try {
    await migrate(client, await readSchemaSteps());
  } finally {
    await client.end();
  }
}

/** A process that dies behind its k-th step: it stands still, and its session ends. */
async function diesBehindStep(step: number): Promise<void> {
  const reached = Promise.withResolvers<void>();
  let count = 0;
  onFailpoint(async (name) => {
    if (name !== 'start.afterSchemaStep' || ++count !== step) return;
    reached.resolve();
    await new Promise(() => undefined);
  });
  const client = new Client(cut.connection);
  client.on('error', () => undefined);
  await client.connect();
  void migrate(client, await readSchemaSteps()).catch(() => undefined);
  await reached.promise;
  onFailpoint(undefined);
  await cut.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`);
}

describe('a first start that dies behind a step of the schema', () => {
  it('is gone on with by the next one, to the same schema', async () => {
    await migrated(whole);
    const wanted = await whole.query(SCHEMA);
    const steps = await readSchemaSteps();
    expect(steps.length).toBeGreaterThan(1);
    for (const { number } of steps) {
      await diesBehindStep(number);
      const done = await cut.query<{ number: number }>('SELECT number FROM schema_step ORDER BY 1');
      expect(done.at(-1)?.number).toBe(number);
      await migrated(cut);
      expect(await cut.query(SCHEMA)).toEqual(wanted);
      await cut.drop();
      cut = await freshDatabase();
    }
  }, 60_000);
});
