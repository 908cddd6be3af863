import type { Pool, PoolClient } from 'pg';
import { viewOf, type KvWrite } from '../ports/kv-store.js';
import { SlotUnknown, StoreUnavailable } from '../ports/store-errors.js';
import {
  DIFFERING_ROWS_MAX,
  SWAP_MS_MAX,
  ViewSlots,
  type SlotDifference,
  type SlotDigest,
  type SlotRow,
  type SwapOptions,
  type SwapOutcome,
  type ViewSlot,
} from '../ports/view-slots.js';
import { assert } from '../shared/assert.js';
import { PLAIN_VIEW } from './check-kv.js';
import { SlotHash } from './slot-digest.js';
import * as sql from './slot-statements.js';
import { writeRows } from './write-rows.js';

/** The slots in Postgres: `kv_slot` says what each is, `kv_row` holds the rows of all. */
export class PostgresViewSlots extends ViewSlots {
  readonly #pool: Pool;

  /** @param options.pool  ended by `close`; holds a connection for each call under way */
  constructor(options: { pool: Pool }) {
    super();
    this.#pool = options.pool;
  }

  async list(): Promise<readonly ViewSlot[]> {
    return (await this.#pool.query<ViewSlot>(sql.LIST)).rows;
  }

  async declare(view: string, version: number): Promise<void> {
    await this.#transact(async (client) => {
      await client.query(sql.LOCK_APPENDS);
      await client.query(sql.DECLARE, [view, version]);
    });
  }

  async begin(view: string, version: number): Promise<number> {
    assert(view !== PLAIN_VIEW, 'what is no view is not built from events');
    const { rows } = await this.#pool.query<{ slot: number }>(sql.BEGIN_SLOT, [view, version]);
    assert(rows[0], 'an insert returns its row');
    return rows[0].slot;
  }

  async write(slot: number, writes: readonly KvWrite[]): Promise<void> {
    await this.#transact(async (client) => {
      await writeTo(client, { slot, view: await viewBuiltIn(client, slot) }, writes);
    });
  }

  async compare(left: number, right: number): Promise<SlotDifference> {
    return this.#transact(async (client) => {
      await client.query(`SET LOCAL statement_timeout = ${WHOLE_SLOT_MS_MAX}`);
      await assertSlots(client, [left, right]);
      return compare(client, left, right);
    });
  }

  async digest(slot: number): Promise<SlotDigest> {
    return this.#transact(async (client) => {
      await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await assertSlots(client, [slot]);
      const hash = new SlotHash();
      for (let last = { partition: '', key: Buffer.alloc(0) }; ;) {
        const values = [slot, last.partition, last.key, PAGE_ROWS];
        const { rows } = await client.query<SlotRow & typeof last>(sql.PAGE, values);
        for (const row of rows) hash.add(row);
        const end = rows.at(-1);
        if (!end) return hash.digest();
        last = end;
      }
    });
  }

  async swap(slot: number, options: SwapOptions): Promise<SwapOutcome> {
    return this.#transact(async (client) => {
      await client.query(`SET LOCAL statement_timeout = ${SWAP_MS_MAX}`);
      // An append that waits in its turn is not kept waiting by a swap that waits.
      await client.query(`SET LOCAL lock_timeout = ${SWAP_MS_MAX}`);
      await client.query(sql.LOCK_APPENDS);
      const lockedAtMs = performance.now();
      const view = await viewBuiltIn(client, slot);
      await writeTo(client, { slot, view }, await options.remaining());
      const active = await client.query<{ slot: number }>(sql.ACTIVE, [view]);
      const old = active.rows[0]?.slot;
      // No slot has the number 0: there is nothing on the left.
      const difference = options.accept && (await compare(client, old ?? 0, slot));
      if (performance.now() - lockedAtMs > SWAP_MS_MAX) {
        throw new StoreUnavailable(`a swap of ${view} took too long`);
      }
      if (difference && options.accept?.(difference) === false) {
        return { isSwapped: false, difference };
      }
      if (old !== undefined) await client.query(sql.SET_STATE, [old, 'retired']);
      await client.query(sql.SET_STATE, [slot, 'active']);
      return { isSwapped: true, difference };
    });
  }

  async drop(slot: number): Promise<void> {
    const { rows } = await this.#pool.query(sql.RETIRE, [slot]);
    if (!rows[0]) throw new SlotUnknown(`slot ${slot} is in use, or not there`);
    for (let last = { partition: '', key: Buffer.alloc(0) }; ;) {
      const values = [slot, last.partition, last.key, PAGE_ROWS];
      const slice = await this.#pool.query<typeof last>(sql.DROP_SLICE, values);
      if (!slice.rows[0]) break;
      last = slice.rows[0];
    }
    await this.#pool.query(sql.FORGET, [slot]);
  }

  async close(): Promise<void> {
    if (!this.#pool.ended) await this.#pool.end();
  }

  async #transact<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect();
    let failure: Error | undefined;
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch((cause: unknown) => {
        failure = new Error('the connection is lost', { cause });
      });
      throw error;
    } finally {
      client.release(failure);
    }
  }
}

async function viewBuiltIn(client: PoolClient, slot: number): Promise<string> {
  const { rows } = await client.query<{ view: string }>(sql.BUILDING, [slot]);
  if (!rows[0]) throw new SlotUnknown(`slot ${slot} is not being built`);
  return rows[0].view;
}

async function writeTo(
  client: PoolClient,
  at: { slot: number; view: string },
  writes: readonly KvWrite[],
): Promise<void> {
  for (const { partition } of writes) {
    assert(viewOf(partition) === at.view, `${partition} is not of the view ${at.view}`);
  }
  await writeRows(client, at.slot, writes);
}

async function assertSlots(client: PoolClient, slots: readonly number[]): Promise<void> {
  const { rows } = await client.query<ViewSlot>(sql.LIST);
  for (const slot of slots) {
    if (!rows.some((row) => row.slot === slot)) throw new SlotUnknown(`no slot ${slot}`);
  }
}

async function compare(client: PoolClient, left: number, right: number): Promise<SlotDifference> {
  type Row = [string, Buffer, Buffer | null, number | null, Buffer | null, number | null, number];
  await client.query(sql.ALLOW_MERGE_JOIN);
  const values = [left, right, DIFFERING_ROWS_MAX];
  const { rows } = await client.query<Row>({ text: sql.COMPARE, values, rowMode: 'array' });
  return {
    differingCount: rows[0]?.[6] ?? 0,
    rows: rows.map(([partition, key, leftValue, leftSchema, rightValue, rightSchema]) => ({
      partition,
      key,
      left: sideOf(leftValue, leftSchema),
      right: sideOf(rightValue, rightSchema),
    })),
  };
}

const sideOf = (value: Buffer | null, schema: number | null): SlotRow | undefined =>
  value === null || schema === null ? undefined : { value, schema };

const PAGE_ROWS = 5_000;
const WHOLE_SLOT_MS_MAX = 600_000;
