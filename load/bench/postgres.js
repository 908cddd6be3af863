// The Postgres that all servers of a bench share: one that is named, or one of our own that goes
// with the bench.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';

/**
 * @typedef {object} SharedPostgres
 * @property {(database: string) => Promise<string>} newDatabase  drops it if it is there, makes it,
 *   and returns its URL
 * @property {number | undefined} pid  of the postmaster, where it is on this machine
 * @property {string} version
 * @property {() => Promise<void>} close
 */

/** @returns {Promise<SharedPostgres>} @param {string | undefined} url of a superuser */
export async function openPostgres(url, folder) {
  const own = url === undefined ? await startOwn(join(folder, 'postgres')) : undefined;
  const admin = new URL(url ?? own.url);
  const client = new pg.Client({ connectionString: admin.href });
  await client.connect();
  const told = async (what) => (await client.query(`SHOW ${what}`)).rows[0][what];
  return {
    version: await told('server_version'),
    pid: pidIn(await told('data_directory')),
    newDatabase: async (database) => {
      await client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
      await client.query(`CREATE DATABASE ${database}`);
      const made = new URL(admin.href);
      made.pathname = `/${database}`;
      return made.href;
    },
    close: async () => {
      await client.end();
      await own?.postgres.stop();
    },
  };
}

/** Four nodes of either side at once: the usual hundred is less than the peer's alone may take. */
const CONNECTIONS_MAX = 300;

/** Postgres 18 as the server itself starts it, with what it is given there. */
async function startOwn(data) {
  const { EmbeddedPostgres } = await import('../../dist/app/embedded-postgres.js');
  const fails = (reason) => {
    throw new Error(reason);
  };
  const first = await EmbeddedPostgres.start({ data, onExit: fails });
  const client = new pg.Client(first.connection);
  await client.connect();
  await client.query(`ALTER SYSTEM SET max_connections = ${CONNECTIONS_MAX}`);
  await client.end();
  await first.stop();
  const postgres = await EmbeddedPostgres.start({ data, onExit: fails });
  const { user, host, port, password, database } = postgres.connection;
  const made = new URL('postgres://localhost/');
  made.username = user;
  if (password) made.password = password;
  made.pathname = `/${database}`;
  // A folder is where its socket is: both drivers take it as a parameter.
  made.search = new URLSearchParams({ host, port: String(port), sslmode: 'disable' }).toString();
  return { postgres, url: made.href };
}

function pidIn(folder) {
  try {
    return Number(readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
  } catch {
    return undefined; // Elsewhere, or not ours to look at: its CPU is not told then.
  }
}
