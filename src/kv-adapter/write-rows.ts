import type { PoolClient } from 'pg';
import type { KvWrite } from '../ports/kv-store.js';
import { lastWritesOf } from '../shared/last-writes.js';
import { DELETE_ROWS, DROP_ROWS, PUT_ROWS } from './slot-statements.js';

/** Writes into one slot what the writes come to, in order. */
export async function writeRows(
  client: PoolClient,
  slot: number,
  writes: readonly KvWrite[],
): Promise<void> {
  const { drops, deletes, puts } = lastWritesOf(writes);
  for (const { partition, from = Buffer.alloc(0), until = null } of drops) {
    await client.query(DROP_ROWS, [slot, partition, from, until]);
  }
  if (deletes.length > 0) {
    await client.query(DELETE_ROWS, [
      slot,
      deletes.map(({ partition }) => partition),
      deletes.map(({ key }) => key),
    ]);
  }
  if (puts.length === 0) return;
  await client.query(PUT_ROWS, [
    slot,
    puts.map(({ partition }) => partition),
    puts.map(({ key }) => key),
    puts.map(({ value }) => value),
    puts.map(({ schema }) => schema),
  ]);
}
