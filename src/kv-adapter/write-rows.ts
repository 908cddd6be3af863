import type { PoolClient } from 'pg';
import type { KvWrite } from '../ports/kv-store.js';
import { DELETE_ROWS, DROP_ROWS, PUT_ROWS } from './slot-statements.js';

type RowWrite = Exclude<KvWrite, { kind: 'drop' }>;

/** Writes into one slot, in order; of a key's writes between two drops only the last one goes. */
export async function writeRows(
  client: PoolClient,
  slot: number,
  writes: readonly KvWrite[],
): Promise<void> {
  let last = new Map<string, RowWrite>();
  for (const write of writes) {
    if (write.kind === 'drop') {
      await flush(client, slot, [...last.values()]);
      last = new Map();
      const { partition, from = Buffer.alloc(0), until = null } = write;
      await client.query(DROP_ROWS, [slot, partition, from, until]);
    } else {
      last.set(`${Buffer.from(write.key).toString('hex')}/${write.partition}`, write);
    }
  }
  await flush(client, slot, [...last.values()]);
}

async function flush(client: PoolClient, slot: number, writes: readonly RowWrite[]): Promise<void> {
  const puts = writes.filter((write) => write.kind === 'put');
  const deletes = writes.filter((write) => write.kind === 'delete');
  if (puts.length > 0) {
    await client.query(PUT_ROWS, [
      slot,
      puts.map(({ partition }) => partition),
      puts.map(({ key }) => key),
      puts.map(({ value }) => value),
      puts.map(({ schema }) => schema),
    ]);
  }
  if (deletes.length > 0) {
    await client.query(DELETE_ROWS, [
      slot,
      deletes.map(({ partition }) => partition),
      deletes.map(({ key }) => key),
    ]);
  }
}
