import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { KvStore, SCAN_ROWS_MAX, SNAPSHOT_MS_MAX } from '../ports/kv-store.js';
import type { KvRead, KvRow, KvSnapshot } from '../ports/kv-store.js';
import {
  PredicateFailed,
  SnapshotTooOld,
  StoreUnavailable,
  UnknownOutcome,
} from '../ports/store-errors.js';
import { assert, InvariantError } from '../shared/assert.js';
import { Gather } from '../shared/gather.js';
import { checkPlain, checkRead, SCHEMAS_DIFFER } from './check-kv.js';
import { type Clients, clientsOf, KeptClients } from './kept-clients.js';
import { DELETE_KNOWN, SET_KNOWN, SET_NEW } from './kv-statements.js';
import type { PackThread } from './pack-thread.js';
import { isPack, readCall } from './read-parameters.js';
import { readRows } from './read-statement.js';

/** What became of a statement that failed, as the log's adapter tells it. */
export type FailureOf = (error: unknown) => 'lost' | 'unavailable' | 'refused' | 'fatal';

export interface PostgresKvStoreOptions {
  /** For reads and compare-and-set; the store ends it when it is closed. */
  readonly pool: Pool;
  /** For snapshots, apart, so that long reads never keep short ones waiting; likewise. */
  readonly snapshotPool: Pool;
  /** Reads rows that are packed, on another thread; left out: `snapshotPool` does. */
  readonly packs?: PackThread | undefined;
  readonly failureOf: FailureOf;
  /** The database found its data damaged: the process must stop, and say so. */
  readonly onFatal: (error: unknown) => void;
  readonly snapshotMsMax?: number;
  readonly answerMsMax?: number;
}

type Reads = readonly KvRead[];
type Rows = readonly (readonly KvRow[])[];
type Row = [
  ordinal: number,
  key: Uint8Array,
  value: Uint8Array,
  schema: number | null,
  version: number | bigint,
  packed?: Uint8Array | null,
];

interface Statement<Value = unknown> {
  readonly name: string;
  readonly text: string;
  readonly values: Value[];
}

/** The views in Postgres 15 or newer; README.md argues why it keeps what the port promises. */
export class PostgresKvStore extends KvStore {
  readonly #options: PostgresKvStoreOptions;
  readonly #gather: Gather<Reads, Rows>;
  readonly #snapshotMsMax: number;
  readonly #kept: KeptClients;
  #isClosed = false;

  constructor(options: PostgresKvStoreOptions) {
    super();
    this.#options = options;
    this.#snapshotMsMax = options.snapshotMsMax ?? SNAPSHOT_MS_MAX;
    this.#kept = new KeptClients(options.pool);
    this.#gather = new Gather({
      send: (callers) => this.#readAll(callers),
      sendsMax: 2,
      afterTurn: setImmediate,
      elapsedMs: () => performance.now(),
      weightOf: (reads) => reads.reduce((sum, read) => sum + weightOf(read), 0),
      weightMax: READ_WEIGHT_MAX,
      waitingMax: WAITING_MAX,
      onFull: () => new StoreUnavailable('too many reads wait'),
    });
  }

  async read(reads: Reads): Promise<Rows> {
    if (this.#isClosed) throw new StoreUnavailable('the store is closed');
    for (const read of reads) checkRead(read);
    if (reads.length === 0) return [];
    // As long as it takes, nobody's short read waits for it.
    if (reads.some(isPack)) return this.#readPacks(reads);
    return this.#gather.ask(reads);
  }

  async snapshot<Result>(work: (snapshot: KvSnapshot) => Promise<Result>): Promise<Result> {
    const client = await this.#retry(() => this.#beginSnapshot());
    const untilMs = performance.now() + this.#snapshotMsMax;
    let isOver = false;
    const read = async (reads: Reads): Promise<Rows> => {
      for (const one of reads) checkRead(one);
      if (isOver || performance.now() > untilMs) throw tooOld();
      if (reads.length === 0) return [];
      try {
        return await ask(client, reads);
      } catch (error) {
        const failure = this.#options.failureOf(error);
        if (failure === 'fatal') this.#options.onFatal(error);
        if (failure === 'refused') throw error;
        // The server ends a transaction that idles too long; that is the same thing, seen later.
        if (performance.now() > untilMs) throw tooOld(error);
        throw new StoreUnavailable('the database does not answer', { cause: error });
      }
    };
    try {
      return await work({ read });
    } finally {
      isOver = true;
      const isWhole = await client.query('COMMIT').then(
        () => true,
        () => false,
      );
      client.release(!isWhole);
    }
  }

  async setIf(
    partition: string,
    key: Uint8Array,
    value: { bytes: Uint8Array; schema: number },
    expected: Pick<KvRow, 'version'> | undefined,
  ): Promise<string> {
    checkPlain(partition, key, value.bytes);
    const values = [partition, key, value.bytes, value.schema];
    return this.#change(
      expected
        ? { name: 'set', text: SET_KNOWN, values: [...values, expected.version] }
        : { name: 'new', text: SET_NEW, values },
    );
  }

  async deleteIf(
    partition: string,
    key: Uint8Array,
    expected: Pick<KvRow, 'version'>,
  ): Promise<void> {
    checkPlain(partition, key);
    const values = [partition, key, expected.version];
    await this.#change({ name: 'delete', text: DELETE_KNOWN, values });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { pool, snapshotPool, packs } = this.#options;
    this.#kept.end();
    await Promise.all([pool.end(), snapshotPool.end(), packs?.close()]);
  }

  /**
   * One statement for the reads of several callers, each of whom sees one state. What several ask
   * for by one and the same object is read once.
   */
  async #readAll(callers: readonly Reads[]): Promise<readonly Rows[]> {
    const places = new Map<KvRead, number>();
    for (const reads of callers) {
      for (const read of reads) {
        if (!places.has(read)) places.set(read, places.size);
      }
    }
    const rows = await this.#readFrom(this.#kept, [...places.keys()]);
    return callers.map((reads) => reads.map((read) => rows[places.get(read) ?? -1] ?? []));
  }

  async #readPacks(reads: Reads): Promise<Rows> {
    const { packs, snapshotPool } = this.#options;
    if (packs && !packs.isOver) {
      try {
        return rowsOf(reads, { rows: await packs.query<Row>(toArrays(readCall(reads))) });
      } catch (error) {
        // Whatever it was: asked here, it is tried again, or told as any other failure.
        if (error instanceof InvariantError) throw error;
      }
    }
    return this.#readFrom(clientsOf(snapshotPool), reads);
  }

  async #readFrom(clients: Clients, reads: Reads): Promise<Rows> {
    return this.#retry(async () => {
      const client = await clients.take();
      let isBroken = true;
      try {
        const rows = await ask(client, reads);
        isBroken = false;
        return rows;
      } finally {
        clients.giveBack(client, isBroken);
      }
    });
  }

  async #beginSnapshot(): Promise<PoolClient> {
    const client = await this.#options.snapshotPool.connect();
    try {
      // The state is that of the first statement, and a caller counts from here.
      await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
        SET LOCAL idle_in_transaction_session_timeout = ${this.#snapshotMsMax}; SELECT 1`);
      return client;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  /** Not tried again when the connection breaks: the second try would meet the first one's row. */
  async #change(statement: Statement): Promise<string> {
    if (this.#isClosed) throw new StoreUnavailable('the store is closed');
    const client = await this.#retry(() => this.#options.pool.connect());
    let isBroken = false;
    try {
      const { rows } = await client.query<{ version: number }>(statement);
      if (!rows[0]) throw new PredicateFailed(`${statement.values[0]}: not as expected`);
      return String(rows[0].version);
    } catch (error) {
      if (error instanceof PredicateFailed) throw error;
      const failure = this.#options.failureOf(error);
      isBroken = failure === 'lost';
      if (failure === 'fatal') this.#options.onFatal(error);
      if (failure === 'refused') throw error;
      if (failure === 'unavailable') throw new StoreUnavailable('not now', { cause: error });
      throw new UnknownOutcome('the database did not say what became of it', { cause: error });
    } finally {
      client.release(isBroken);
    }
  }

  /** @throws StoreUnavailable  the database does not answer in time */
  async #retry<Result>(read: () => Promise<Result>): Promise<Result> {
    const { failureOf, onFatal, answerMsMax = ANSWER_MS_MAX } = this.#options;
    const startedAtMs = performance.now();
    for (let attempt = 0; ; attempt++) {
      try {
        return await read();
      } catch (error) {
        const failure = failureOf(error);
        if (failure === 'fatal') onFatal(error);
        if (failure === 'refused') throw error;
        const isLate = performance.now() - startedAtMs > answerMsMax;
        if (failure !== 'lost' || isLate || this.#isClosed) {
          throw new StoreUnavailable('the database does not answer', { cause: error });
        }
        await sleep(
          Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** attempt) * (0.5 + Math.random() / 2),
        );
      }
    }
  }
}

async function ask(client: PoolClient, reads: Reads): Promise<Rows> {
  const call = readCall(reads);
  if (!reads.some(isPack)) return readRows(client, call, reads.length);
  return rowsOf(reads, await client.query<Row>(toArrays(call)));
}

const tooOld = (cause?: unknown) => new SnapshotTooOld('a snapshot was held too long', { cause });

const toArrays = (statement: Statement) => ({ ...statement, rowMode: 'array' }) as const;

function rowsOf(reads: Reads, { rows }: { rows: readonly Row[] }): Rows {
  const found = reads.map((): KvRow[] => []);
  for (const [ordinal, key, value, schema, version, packed] of rows) {
    const into = found[ordinal];
    assert(into, 'a row belongs to a read');
    assert(schema !== null, SCHEMAS_DIFFER);
    if (packed == null) into.push({ key, value, schema, version: String(version) });
    else into.push({ key, value: packed, schema, version: '' });
  }
  return found;
}

const weightOf = (read: KvRead) => (read.kind === 'get' ? 1 : read.limit);

/** Rows that one statement may return, unless one caller alone asks for more. */
const READ_WEIGHT_MAX = SCAN_ROWS_MAX;
const WAITING_MAX = 20_000;
const ANSWER_MS_MAX = 10_000;
const PAUSE_MS_MIN = 10;
const PAUSE_MS_MAX = 500;
