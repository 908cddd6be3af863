import { Pool, type ClientConfig } from 'pg';
import { configOf } from '../event-log/postgres/connect.js';

const SILENCE_MS_MAX = 20_000;

/** A server that neither answers nor hangs up is given up: its own limit is shorter. */
export const servicePool = (connection: ClientConfig, name: string, max: number): Pool =>
  poolOf({ ...connection, query_timeout: SILENCE_MS_MAX }, { name, max });

export function poolOf(connection: ClientConfig, options: { name: string; max: number }): Pool {
  const pool = new Pool({
    ...configOf(connection, options.name),
    max: options.max,
    // Half a minute idle is a quiet service: its next request may pay for a connection.
    idleTimeoutMillis: 30_000,
  });
  // Who uses a connection that breaks hears of it by his query, and of an idle one the pool takes
  // care. Unheard, either would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
