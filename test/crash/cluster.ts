import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type ClientConfig } from 'pg';
import { runningEndpoint } from '../../src/app/embedded-postgres-endpoint.js';
import { pidFile } from '../../src/app/embedded-postgres-leftover.js';
import { clusterFolder } from '../../src/app/embedded-postgres-cluster.js';
import { PostgresServer } from '../support/postgres-server.js';
import { Node } from './node.js';

const RESTART_TRIES_MAX = 200;
const PAUSE_MS = 50;

/** Where nodes keep what they know, and the nodes: all of it in one folder that goes at the end. */
export interface Cluster {
  readonly nodes: readonly Node[];
  /** Whether the database is a child of the one node. */
  readonly isOwn: boolean;
  readonly folder: string;
  /** Absolute; what is in it may be imported. */
  readonly importFolder: string;
  readonly objects: string;
  connection(): ClientConfig;
  /** The postmaster of the database, while it runs. */
  readonly postmaster: number | undefined;
  /** Starts the database again, when it is not a node's own. */
  startPostgres(): Promise<void>;
  close(): Promise<void>;
}

/** As a disk that may lose its power wants it. */
const DURABLE = { fsync: 'on', full_page_writes: 'on' };

/** Nodes on one Postgres that is nobody's child but ours. */
export async function sharedCluster(count: number): Promise<Cluster> {
  const place = newFolder();
  const server = new PostgresServer(place.folder, DURABLE);
  await server.start();
  const connection = { host: place.folder, user: 'postgres', database: 'postgres' };
  const url = `postgres://postgres@localhost/postgres?host=${encodeURIComponent(place.folder)}`;
  const nodes: Node[] = [];
  for (let at = 0; at < count; at++) {
    const more = { ...environmentOf(place), MORAINE_DATABASE_URL: url };
    nodes.push(await Node.at(`node-${at + 1}`, place.folder, more));
  }
  return {
    ...place,
    nodes,
    isOwn: false,
    connection: () => connection,
    get postmaster() {
      return server.pid;
    },
    startPostgres: () => startAgain(server),
    close: async () => {
      await Promise.all(nodes.map((node) => node.kill()));
      await server.stop('SIGQUIT');
      rmSync(place.folder, { recursive: true, force: true });
    },
  };
}

/** One node with a Postgres of its own. */
export async function ownCluster(): Promise<Cluster> {
  const place = newFolder();
  const node = await Node.at('node-1', place.folder, environmentOf(place));
  const { data } = place;
  const pids = () => pidFile(clusterFolder(data)).slice(0, 1).map(Number);
  return {
    ...place,
    nodes: [node],
    isOwn: true,
    connection: () => runningEndpoint(data),
    get postmaster() {
      return pids().find((pid) => pid > 0 && isAlive(pid));
    },
    startPostgres: async () => undefined,
    close: async () => {
      // In order, so that its Postgres goes with it; if it was killed, the Postgres alone.
      await node.kill('SIGTERM');
      await ended(pids()[0]);
      rmSync(place.folder, { recursive: true, force: true });
    },
  };
}

/** Runs statements on a connection of their own. */
export async function inDatabase<Result>(
  connection: ClientConfig,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client(connection);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

interface Place {
  readonly folder: string;
  readonly data: string;
  readonly objects: string;
  readonly importFolder: string;
}

function newFolder(): Place {
  // Short: a socket's path has at most 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), 'mc-'));
  const data = join(folder, 'lake');
  const importFolder = join(folder, 'imports');
  mkdirSync(importFolder);
  return { folder, data, objects: join(data, 'objects'), importFolder };
}

const environmentOf = ({ data, importFolder }: Place) => ({
  MORAINE_DATA: data,
  MORAINE_IMPORT_ENABLED: 'true',
  MORAINE_IMPORT_FOLDERS: importFolder,
});

/** What a killed postmaster has left behind keeps the next one from starting for a moment. */
async function startAgain(server: PostgresServer): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await server.start();
    } catch (error) {
      if (tries === RESTART_TRIES_MAX) throw error;
      await delay(PAUSE_MS);
    }
  }
}

/** Ends a postmaster that nobody has ended. */
async function ended(pid: number | undefined): Promise<void> {
  if (pid === undefined || !isAlive(pid)) return;
  process.kill(pid, 'SIGQUIT');
  for (let tries = 0; tries < RESTART_TRIES_MAX; tries++) {
    if (!isAlive(pid)) return;
    await delay(PAUSE_MS);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
