import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openPostgresStores, type PostgresStores } from '../../src/app/postgres-stores.js';
import { PackThread } from '../../src/kv-adapter/pack-thread.js';
import { StoreUnavailable } from '../../src/ports/store-errors.js';
import { PackedRows } from '../../src/shared/packed-rows.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';

const compiled = pathToFileURL('dist/app/pack-worker.js');
const code = (text: string) => new URL(`data:text/javascript,${encodeURIComponent(text)}`);
const ROWS = 300;

describe('packed rows that another thread reads', () => {
  let database: TestDatabase;
  const opened: PostgresStores[] = [];
  beforeEach(async () => {
    database = await freshDatabase();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((stores) => stores.close()));
    await database.drop();
  });

  async function open(packWorker: URL): Promise<PostgresStores> {
    const { connection } = database;
    const stores = await openPostgresStores({ connection, project: () => [], packWorker });
    opened.push(stores);
    return stores;
  }

  async function fill({ kv }: PostgresStores): Promise<void> {
    for (let at = 0; at < ROWS; at++) {
      const bytes = Buffer.from(JSON.stringify({ at, text: 'ä€😀'.repeat(at % 7) }));
      await kv.setIf(
        'plain/packed',
        Buffer.from(`key-${1000 + at}-é`),
        { bytes, schema: 1 },
        undefined,
      );
    }
  }

  async function read({ kv }: PostgresStores, limit = ROWS): Promise<readonly string[]> {
    const [rows = []] = await kv.read([{ kind: 'pack', partition: 'plain/packed', limit }]);
    const packed = new PackedRows(Buffer.from(rows[0]?.value ?? []));
    const texts: string[] = [];
    while (packed.next()) texts.push(`${packed.keyText()} ${packed.valueText()}`);
    return texts;
  }

  const connections = async (): Promise<number> => {
    const [row] = await database.query<{ count: string }>(
      `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'moraine packs'
         AND datname = current_database()`,
    );
    return Number(row?.count);
  };

  it('are those that are there', async () => {
    const stores = await open(compiled);
    await fill(stores);
    const texts = await read(stores);
    expect(texts).toHaveLength(ROWS);
    expect(texts[6]).toBe(`key-1006-é {"at":6,"text":"${'ä€😀'.repeat(6)}"}`);
    expect(await read(stores, 2)).toEqual(texts.slice(0, 2));
    expect(await connections()).toBeGreaterThan(0);
  });

  it('are read all the same when the thread does not run, or dies', async () => {
    const whole = await open(compiled);
    await fill(whole);
    const wanted = await read(whole);
    for (const text of [
      'syntax error',
      'process.exit(1)',
      `setTimeout(() => process.exit(1), 300)`,
    ]) {
      const stores = await open(code(text));
      expect(await read(stores)).toEqual(wanted);
      expect(await read(stores)).toEqual(wanted);
    }
  });

  it('are read again elsewhere when the connection of the thread is cut', async () => {
    const stores = await open(compiled);
    await fill(stores);
    const wanted = await read(stores);
    await database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'moraine packs' AND datname = current_database()`,
    );
    expect(await read(stores)).toEqual(wanted);
  });

  it('leave no connection behind', async () => {
    const stores = await open(compiled);
    await read(stores);
    expect(await connections()).toBe(1);
    await stores.close();
    expect(await connections()).toBe(0);
  });

  it('are nobody’s once the thread was closed', async () => {
    const thread = new PackThread(compiled, { connection: database.connection });
    await thread.close();
    const query = { name: 'one', text: 'SELECT 1', values: [], rowMode: 'array' as const };
    await expect(thread.query(query)).rejects.toThrow(StoreUnavailable);
  });
});
