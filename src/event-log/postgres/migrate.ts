import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Client } from 'pg';
import { SchemaTooNew } from '../../ports/store-errors.js';
import { assert } from '../../shared/assert.js';
import { failpoint } from '../../shared/failpoint.js';

/** The server is older than what the schema needs. */
export class PostgresTooOld extends Error {
  override readonly name = 'PostgresTooOld';
}

export interface SchemaStep {
  readonly number: number;
  readonly sql: string;
}

/** Returns the steps of this program, from 1, none left out. */
export async function readSchemaSteps(): Promise<readonly SchemaStep[]> {
  const files = (await readdir(SCHEMA_FOLDER)).filter((file) => /^\d{4}\.sql$/.test(file)).sort();
  const steps = files.map(async (file, index) => {
    const number = Number(file.slice(0, 4));
    assert(number === index + 1, `schema step ${index + 1} is missing`);
    return { number, sql: await readFile(SCHEMA_FOLDER + file, 'utf8') };
  });
  return Promise.all(steps);
}

/**
 * Brings a database to this program's schema, a transaction a step. Several processes may do so at
 * once: one does it, the others wait.
 *
 * @throws PostgresTooOld  the server is older than version 15
 * @throws SchemaTooNew  the database knows a step that this program does not; nothing was changed
 */
export async function migrate(client: Client, steps: readonly SchemaStep[]): Promise<void> {
  assertSupported(await versionOf(client));
  // Of the session, so that it is held over all the steps' transactions.
  await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
  try {
    await client.query(`CREATE TABLE IF NOT EXISTS schema_step (
      number int PRIMARY KEY,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`);
    const { rows } = await client.query<{ number: number }>('SELECT number FROM schema_step');
    const applied = new Set(rows.map(({ number }) => number));
    const newest = Math.max(0, ...applied);
    if (newest > steps.length) {
      throw new SchemaTooNew(
        `the database's schema is at step ${newest}, and this program knows ${steps.length}`,
      );
    }
    for (const step of steps) if (!applied.has(step.number)) await apply(client, step);
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
  }
}

/** @throws PostgresTooOld */
export function assertSupported({ number, name }: { number: number; name: string }): void {
  if (number >= POSTGRES_VERSION_MIN) return;
  throw new PostgresTooOld(`Postgres 15 or newer is needed, and this is ${name}`);
}

async function apply(client: Client, { number, sql }: SchemaStep): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query('INSERT INTO schema_step (number) VALUES ($1)', [number]);
    await client.query('COMMIT');
    await failpoint('start.afterSchemaStep');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

async function versionOf(client: Client): Promise<{ number: number; name: string }> {
  const { rows } = await client.query<{ number: number; name: string }>(
    `SELECT current_setting('server_version_num')::int AS number,
      current_setting('server_version') AS name`,
  );
  assert(rows[0], 'the server names its version');
  return rows[0];
}

const SCHEMA_FOLDER = fileURLToPath(new URL('schema/', import.meta.url));
const POSTGRES_VERSION_MIN = 150_000;
const MIGRATION_LOCK = 6_073_912;
