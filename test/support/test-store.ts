import type { ClientConfig } from 'pg';
import { openEventStoreStores } from '../../src/app/event-store-stores.js';
import { openPostgresStores } from '../../src/app/postgres-stores.js';
import { MemoryEventLog } from '../../src/event-log/memory-event-log.js';
import { MemoryKvStore } from '../../src/kv-adapter/memory-kv-store.js';
import type { EventLog, InlineProjection } from '../../src/ports/event-log.js';
import type { KvStore } from '../../src/ports/kv-store.js';
import { freshDatabase } from './postgres.js';
import { streamsServer } from './streams-server.js';

/** Where a test's log and views are. */
export interface TestStore {
  /** What the configuration says of it. */
  readonly config: { readonly eventLog: string } & Readonly<Record<string, string>>;
  /** Of a Postgres, where one is needed. */
  readonly connection: ClientConfig | undefined;
  close(): Promise<void>;
}

/** What `TEST_EVENT_LOG` can name. */
export const TEST_STORES = ['memory', 'postgres', 'eventstoredb', 'eventstoredb-postgres'] as const;
export type TestStoreName = (typeof TEST_STORES)[number];

/** The log that this run of the tests is about. */
export const testStoreName = (): TestStoreName => {
  const name = process.env['TEST_EVENT_LOG'] ?? 'memory';
  const known = TEST_STORES.find((store) => store === name);
  if (!known) throw new Error(`TEST_EVENT_LOG is one of ${TEST_STORES.join(', ')}, not ${name}`);
  return known;
};

/** Opens an empty store of the kind that `TEST_EVENT_LOG` names. */
export async function testStore(name: TestStoreName = testStoreName()): Promise<TestStore> {
  if (name === 'memory') {
    return { config: { eventLog: 'memory' }, connection: undefined, close: async () => undefined };
  }
  const isServed = name !== 'postgres';
  const [database, server] = await Promise.all([
    name === 'eventstoredb' ? undefined : freshDatabase(),
    isServed ? streamsServer() : undefined,
  ]);
  const close = async () => {
    await server?.close();
    await database?.drop();
  };
  const connection = database?.connection;
  if (!server) return { config: { eventLog: 'postgres' }, connection, close };
  const views = database ? 'postgres' : 'memory';
  const config = { eventLog: 'eventstoredb', eventstoreUrl: server.url, views };
  return { config, connection, close };
}

/** Opens a log and its views in a store of the kind that `TEST_EVENT_LOG` names. */
export async function openTestLog(
  project: InlineProjection,
): Promise<{ readonly log: EventLog; readonly kv: KvStore; close(): Promise<void> }> {
  const store = await testStore();
  const { connection, config } = store;
  const connectionString = config['eventstoreUrl'];
  if (connectionString === undefined && !connection) {
    const kv = new MemoryKvStore();
    const log = new MemoryEventLog({ kv, project });
    return { log, kv, close: () => log.close() };
  }
  const trouble = (error: unknown): never => {
    throw error;
  };
  const told = { onFatal: trouble, onTrouble: trouble };
  const stores = connectionString
    ? await openEventStoreStores({ connectionString, connection, project, ...told })
    : await openPostgresStores({ connection: connection ?? {}, project, ...told });
  const close = async () => {
    await stores.close();
    await store.close();
  };
  return { log: stores.log, kv: stores.kv, close };
}
