// The thread that reads packed rows. What the driver gives as a text goes on as bytes, which change
// hands without a copy.
import { parentPort, workerData } from 'node:worker_threads';
import type {
  FromPackThread,
  PackQuery,
  PackThreadData,
  ToPackThread,
} from '../kv-adapter/pack-thread.js';
import { servicePool } from './service-pool.js';

const CONNECTIONS_MAX = 3;

const port = parentPort;
const { connection } = workerData as PackThreadData;
const pool = servicePool(connection, 'packs', CONNECTIONS_MAX);

port?.on('message', ({ id, query }: ToPackThread) => {
  if (query) void answer(id, query);
  else void pool.end().finally(() => port.close());
});

async function answer(id: number, query: PackQuery): Promise<void> {
  try {
    const { rows } = await pool.query<unknown[]>(query);
    const given: ArrayBuffer[] = [];
    for (const row of rows) {
      const last = row.at(-1);
      if (typeof last === 'string') row[row.length - 1] = bytesOf(last, given);
    }
    say({ id, rows }, given);
  } catch (error) {
    say({ id, reason: String(error) }, []);
  }
}

/** Of its own memory, so that it can be given away. */
function bytesOf(text: string, given: ArrayBuffer[]): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  given.push(bytes.buffer as ArrayBuffer);
  return bytes;
}

function say(message: FromPackThread, given: ArrayBuffer[]): void {
  port?.postMessage(message, given);
}
