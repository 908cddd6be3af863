import { Client, type ClientConfig } from 'pg';
import type { AppendWatcher } from '../event-log/postgres/append-queue.js';
import { connectorOf, hangUp } from '../event-log/postgres/connect.js';
import { failureOf } from '../event-log/postgres/failures.js';
import { migrate, readSchemaSteps } from '../event-log/postgres/migrate.js';
import { PostgresEventLoader } from '../event-log/postgres/postgres-event-loader.js';
import { PostgresEventLog } from '../event-log/postgres/postgres-event-log.js';
import { PackThread } from '../kv-adapter/pack-thread.js';
import { PostgresKvStore } from '../kv-adapter/postgres-kv-store.js';
import { PostgresViewSlots } from '../kv-adapter/postgres-view-slots.js';
import type { EventLoader } from '../ports/event-loader.js';
import type { InlineProjection } from '../ports/event-log.js';
import type { ViewSlots } from '../ports/view-slots.js';
import { failpoint } from '../shared/failpoint.js';
import { poolOf, servicePool } from './service-pool.js';
import { StartError } from './start-error.js';

export interface PostgresStores {
  readonly log: PostgresEventLog;
  readonly kv: PostgresKvStore;
  readonly slots: ViewSlots;
  readonly loader: EventLoader;
  /** Answers what waits, then ends every connection. */
  close(): Promise<void>;
}

export interface PostgresStoresOptions {
  readonly connection: ClientConfig;
  readonly project: InlineProjection;
  /** The database found its data damaged: the process must stop, and say so. */
  readonly onFatal?: (error: unknown) => void;
  /** How long an append waits for a database, or for what became of it; a read for an answer. */
  readonly outcomeMsMax?: number;
  readonly snapshotMsMax?: number;
  readonly watcher?: AppendWatcher;
  /** Of pack-worker.js, compiled; left out: it stands beside this file. */
  readonly packWorker?: URL;
}

/**
 * Brings a database to this program's schema, and opens log and views in it.
 *
 * @throws PostgresTooOld, SchemaTooNew  and whatever connecting throws
 */
export async function openPostgresStores(options: PostgresStoresOptions): Promise<PostgresStores> {
  const { connection, project, onFatal = stopProcess, outcomeMsMax, snapshotMsMax } = options;
  const { watcher, packWorker } = options;
  const connect = connectorOf(connection);
  await migrateBeside(connection, assertOwnViews);
  const pool = servicePool(connection, 'read log', 4);
  const log = new PostgresEventLog({
    connect,
    pool,
    project,
    onFatal,
    ...(outcomeMsMax !== undefined && { outcomeMsMax }),
    ...(watcher && { watcher }),
  });
  const views = postgresViews({
    connection,
    onFatal,
    ...(outcomeMsMax !== undefined && { answerMsMax: outcomeMsMax }),
    ...(snapshotMsMax !== undefined && { snapshotMsMax }),
    ...(packWorker && { packWorker }),
  });
  const loader = new PostgresEventLoader({ connect, pool, project, onFatal });
  const close = async () => {
    await loader.close();
    await log.close();
    await views.close();
  };
  return { log, kv: views.kv, slots: views.slots, loader, close };
}

/** Threads run compiled code, which stands beside this file's once both are compiled. */
const PACK_WORKER = new URL('./pack-worker.js', import.meta.url);

/** The views in Postgres, without regard to where the log is. */
export function postgresViews(options: {
  readonly connection: ClientConfig;
  readonly onFatal: (error: unknown) => void;
  readonly answerMsMax?: number;
  readonly snapshotMsMax?: number;
  readonly packWorker?: URL;
}) {
  const { connection, packWorker = PACK_WORKER, ...rest } = options;
  const kv = new PostgresKvStore({
    pool: servicePool(connection, 'read', 3),
    snapshotPool: servicePool(connection, 'snapshot', 4),
    packs: new PackThread(packWorker, { connection }),
    failureOf,
    ...rest,
  });
  const slots = new PostgresViewSlots({ pool: poolOf(connection, { name: 'slots', max: 3 }) });
  const close = async () => {
    await kv.close();
    await slots.close();
  };
  return { kv, slots, close };
}

/** Its own client: a schema step may take longer than the service's statements may. */
export async function migrateBeside(
  connection: ClientConfig,
  check?: (migrator: Client) => Promise<void>,
): Promise<void> {
  const migrator = new Client({ ...connection, application_name: 'moraine migrate' });
  await migrator.connect();
  try {
    await failpoint('start.beforeSchema');
    await migrate(migrator, await readSchemaSteps());
    await failpoint('start.afterSchema');
    await check?.(migrator);
  } finally {
    await hangUp(migrator);
  }
}

/** Views that follow a log which stands elsewhere show nothing of this one. */
async function assertOwnViews(migrator: Client): Promise<void> {
  const { rows } = await migrator.query('SELECT FROM view_checkpoint');
  if (rows.length === 0) return;
  throw new StartError('other_log', 'this Postgres has the views of a log in an EventStoreDB');
}

/** Going on would acknowledge what the database may not have kept. */
function stopProcess(error: unknown): void {
  console.error('the database is damaged, so this process stops:', error);
  process.exitCode = 1;
  process.kill(process.pid, 'SIGTERM');
}
