import { mkdirSync, realpathSync } from 'node:fs';
import type { ClientConfig } from 'pg';
import { ConfigError } from '../config/config-error.js';
import { isInMemory, type ServerConfig } from '../config/server.config.js';
import type { EventLoader } from '../ports/event-loader.js';
import type { EventLog } from '../ports/event-log.js';
import type { KvStore } from '../ports/kv-store.js';
import type { ViewSlots } from '../ports/view-slots.js';
import { allProjections, inlineProjection } from '../projections/all-projections.js';
import { DataLock } from './data-lock.js';
import { EmbeddedPostgres } from './embedded-postgres.js';
import { runningEndpoint } from './embedded-postgres-endpoint.js';
import type { BulkLog } from './event-store-stores.js';
import { openPostgresStores } from './postgres-stores.js';
import { StartError } from './start-error.js';

/** The log that a configuration names, with its views. */
export interface OpenLog {
  readonly log: EventLog;
  readonly slots: ViewSlots;
  readonly kv: KvStore;
  /** Undefined: this log takes events by `append` alone. */
  readonly loader: EventLoader | undefined;
  /** Of a log that its views follow. */
  readonly bulk: BulkLog | undefined;
  /** Of the Postgres that has the views; undefined: they are in memory. */
  readonly connection: ClientConfig | undefined;
  readonly isLogInPostgres: boolean;
  /** It takes calls of `append` in the order in which they are made. */
  readonly keepsOrder: boolean;
}

/**
 * Opens the log and its views, beside a server that runs or without one, and closes them after the
 * work.
 *
 * @throws ConfigError  everything is kept in memory
 */
export async function withLog<Result>(
  config: ServerConfig,
  work: (opened: OpenLog) => Promise<Result>,
): Promise<Result> {
  if (config.eventLog === 'memory') {
    throw new ConfigError(['eventLog memory keeps nothing that a command could read']);
  }
  if (isInMemory(config)) {
    return withStores(config, undefined, work);
  }
  if (config.databaseUrl !== undefined) {
    return withStores(config, { connectionString: config.databaseUrl }, work);
  }
  mkdirSync(config.data, { recursive: true });
  const data = realpathSync(config.data);
  const lock = lockUnlessRunning(data);
  if (lock === undefined) return withStores(config, runningEndpoint(data), work);
  try {
    const postgres = await EmbeddedPostgres.start({ data, onExit: () => undefined });
    try {
      return await withStores(config, postgres.connection, work);
    } finally {
      await postgres.stop();
    }
  } finally {
    lock.release();
  }
}

/** A server that runs has the lock, and its Postgres takes us in too. */
function lockUnlessRunning(data: string): DataLock | undefined {
  try {
    return DataLock.take(data);
  } catch (error) {
    if (error instanceof StartError && error.fault === 'data_in_use') return undefined;
    throw error;
  }
}

async function withStores<Result>(
  config: ServerConfig,
  connection: ClientConfig | undefined,
  work: (opened: OpenLog) => Promise<Result>,
): Promise<Result> {
  const isLogInPostgres = config.eventLog === 'postgres';
  const { close, ...stores } = await openStores(config, connection);
  const is = { connection, isLogInPostgres, keepsOrder: isLogInPostgres };
  try {
    return await work({ ...stores, ...is });
  } finally {
    await close();
  }
}

type OpenedStores = Pick<OpenLog, 'log' | 'kv' | 'slots' | 'loader' | 'bulk'> & {
  close(): Promise<void>;
};

async function openStores(
  config: ServerConfig,
  connection: ClientConfig | undefined,
): Promise<OpenedStores> {
  const project = inlineProjection();
  if (config.eventLog === 'postgres' && connection !== undefined) {
    return { ...(await openPostgresStores({ connection, project })), bulk: undefined };
  }
  const { openEventStoreStores } = await import('./event-store-stores.js');
  const trouble = (error: unknown): void => {
    console.error('the views cannot follow the log:', error);
  };
  const stores = await openEventStoreStores({
    connectionString: config.eventstoreUrl ?? '',
    connection,
    project,
    views: allProjections,
    onFatal: trouble,
    onTrouble: trouble,
  });
  return { ...stores, loader: undefined };
}
