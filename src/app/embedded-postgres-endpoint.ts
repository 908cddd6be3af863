import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { clusterFolder, readPassword, SUPERUSER } from './embedded-postgres-cluster.js';
import { pidFile } from './embedded-postgres-leftover.js';
import { giveTo, type Runnable } from './embedded-postgres-user.js';
import { StartError } from './start-error.js';

export const DATABASE = 'moraine';
const SOCKET_PORT = 5432;
/** Systems allow 104 to 108 for a socket's path. */
const SOCKET_PATH_BYTES_MAX = 100;
const LOOPBACK = '127.0.0.1';

/** Where a Postgres is asked, and what makes it listen there. */
export interface Endpoint {
  readonly connection: ClientConfig;
  readonly flags: readonly string[];
}

/** A socket in a folder of our own; TCP with a password where its path would be too long. */
export async function endpointIn(data: string, { user }: Runnable): Promise<Endpoint> {
  const folder = join(data, 'socket');
  const path = join(folder, `.s.PGSQL.${SOCKET_PORT}`);
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) {
    // No process of ours lives, so a lock that lies here is a killed one's, and its number may be
    // another's by now.
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { mode: 0o700 });
    chmodSync(folder, 0o700);
    giveTo(user, folder);
    return {
      connection: socketIn(folder),
      flags: [
        'listen_addresses=',
        `unix_socket_directories=${quoted(folder)}`,
        'unix_socket_permissions=0700',
        `port=${SOCKET_PORT}`,
      ],
    };
  }
  const port = await freePort();
  return {
    connection: { ...COMMON, host: LOOPBACK, port, password: readPassword(data) },
    flags: [`listen_addresses=${LOOPBACK}`, 'unix_socket_directories=', `port=${port}`],
  };
}

/**
 * Returns where the Postgres of a server that runs is asked.
 *
 * @throws StartError postgres_failed  none runs
 */
export function runningEndpoint(data: string): ClientConfig {
  // Its fourth line is the port, its fifth the socket's folder.
  const [, , , port = '', folder = ''] = pidFile(clusterFolder(data));
  if (port === '') {
    throw new StartError('postgres_failed', `no Postgres runs in ${data}; try again`);
  }
  if (folder !== '') return socketIn(folder);
  return { ...COMMON, host: LOOPBACK, port: Number(port), password: readPassword(data) };
}

const COMMON = { user: SUPERUSER, database: DATABASE };

function socketIn(folder: string): ClientConfig {
  return { ...COMMON, host: folder, port: SOCKET_PORT };
}

/** A list of folders is split at commas, unless a name stands in double quotes. */
function quoted(folder: string): string {
  return `"${folder.replaceAll('"', '""')}"`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
