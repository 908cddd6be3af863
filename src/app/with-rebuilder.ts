import { mkdirSync, realpathSync } from 'node:fs';
import type { ClientConfig } from 'pg';
import type { DifferingName, ProjectionRebuilder } from '../cli/command.js';
import { ConfigError } from '../config/config-error.js';
import type { ServerConfig } from '../config/server.config.js';
import type { DifferingRow } from '../ports/view-slots.js';
import { allProjections, inlineProjection } from '../projections/all-projections.js';
import { Rebuilder } from '../projections/rebuild.js';
import { DataLock } from './data-lock.js';
import { EmbeddedPostgres } from './embedded-postgres.js';
import { runningEndpoint } from './embedded-postgres-endpoint.js';
import { openPostgresStores } from './postgres-stores.js';
import { StartError } from './start-error.js';

/**
 * Opens what rebuilds views, beside a server that runs or without one, and closes it after the
 * work.
 *
 * @throws ConfigError  everything is kept in memory
 */
export async function withRebuilder<Result>(
  config: ServerConfig,
  work: (rebuilder: ProjectionRebuilder) => Promise<Result>,
): Promise<Result> {
  if (config.eventLog === 'memory') {
    throw new ConfigError(['eventLog memory keeps nothing that a view could be built from']);
  }
  if (config.databaseUrl !== undefined) {
    return withStores({ connectionString: config.databaseUrl }, work);
  }
  mkdirSync(config.data, { recursive: true });
  const data = realpathSync(config.data);
  const lock = lockUnlessRunning(data);
  if (lock === undefined) return withStores(runningEndpoint(data), work);
  try {
    const postgres = await EmbeddedPostgres.start({ data, onExit: () => undefined });
    try {
      return await withStores(postgres.connection, work);
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
  connection: ClientConfig,
  work: (rebuilder: ProjectionRebuilder) => Promise<Result>,
): Promise<Result> {
  const stores = await openPostgresStores({ connection, project: inlineProjection() });
  try {
    return await work(cliRebuilder(new Rebuilder(stores.log, stores.slots, allProjections)));
  } finally {
    await stores.close();
  }
}

function nameOf({ partition, key, left, right }: DifferingRow): DifferingName {
  const is = left === undefined ? 'missing' : right === undefined ? 'extra' : 'other';
  return { partition, key: Buffer.from(key).toString(), is };
}

function cliRebuilder(rebuilder: Rebuilder): ProjectionRebuilder {
  return {
    async list() {
      const listed = await rebuilder.list();
      return listed.map(({ name, ...rest }) => ({ projection: name, ...rest }));
    },
    async rebuild(projection, options) {
      const report = await rebuilder.rebuild(projection, options);
      const { events, writes, differingCount, differing } = report;
      return { events, writes, differing: differingCount, rows: differing.map(nameOf) };
    },
  };
}
