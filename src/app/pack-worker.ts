// The thread that reads packed rows, in binary, and gives them away without a copy.
import { parentPort, workerData } from 'node:worker_threads';
import type { PoolClient } from 'pg';
import type {
  FromPackThread,
  PackQuery,
  PackThreadData,
  ToPackThread,
} from '../kv-adapter/pack-thread.js';
import { RowTap, type RawRow } from '../kv-adapter/row-tap.js';
import { servicePool } from './service-pool.js';

const CONNECTIONS_MAX = 3;

const port = parentPort;
const { connection } = workerData as PackThreadData;
const pool = servicePool(connection, 'packs', CONNECTIONS_MAX);
const taps = new WeakMap<PoolClient, RowTap>();
pool.on('connect', (client) => void taps.set(client, RowTap.on(client.connection.stream)));

port?.on('message', ({ id, query }: ToPackThread) => {
  if (query) void answer(id, query);
  else void pool.end().finally(() => port.close());
});

async function answer(id: number, query: PackQuery): Promise<void> {
  try {
    const rows = (await rawRows(query)).map(rowOf);
    say(
      { id, rows },
      rows.flatMap(([, key, value, , , packed]) => buffersOf(key, value, packed)),
    );
  } catch (error) {
    say({ id, reason: String(error) }, []);
  }
}

async function rawRows(query: PackQuery): Promise<readonly RawRow[]> {
  const client = await pool.connect();
  try {
    const inBinary = { ...query, binary: true };
    await client.query<unknown[]>(inBinary);
    const rows = taps.get(client)?.take() ?? [];
    client.release();
    return rows;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** Reads a row of READ_PACKS. */
function rowOf([ordinal, key, value, schema, version, packed]: RawRow) {
  return [
    ordinal?.readInt32BE(0),
    key,
    value,
    schema?.readInt16BE(0) ?? null,
    version?.readBigInt64BE(0),
    packed,
  ] as const;
}

const buffersOf = (...fields: readonly (Buffer | null | undefined)[]): ArrayBuffer[] =>
  fields.flatMap((field) => (field ? [field.buffer as ArrayBuffer] : []));

function say(message: FromPackThread, given: ArrayBuffer[]): void {
  port?.postMessage(message, given);
}
