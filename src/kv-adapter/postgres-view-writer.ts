import type { Pool, QueryConfig } from 'pg';
import { viewOf, type KvWrite } from '../ports/kv-store.js';
import { StoreUnavailable } from '../ports/store-errors.js';
import { ViewWriter, type ViewStep } from '../ports/view-writer.js';
import type { FailureOf } from './postgres-kv-store.js';

export interface PostgresViewWriterOptions {
  /** Of two connections at least. The writer ends it when it is closed. */
  readonly pool: Pool;
  readonly failureOf: FailureOf;
  /** The database found its data damaged: the process must stop, and say so. */
  readonly onFatal: (error: unknown) => void;
}

/**
 * Views in Postgres that the nodes of an installation share: `advance_views` decides who writes.
 */
export class PostgresViewWriter extends ViewWriter {
  readonly isShared = true;
  readonly #options: PostgresViewWriterOptions;

  constructor(options: PostgresViewWriterOptions) {
    super();
    this.#options = options;
  }

  async position(): Promise<number> {
    const text = 'SELECT position FROM view_checkpoint';
    const [row] = await this.#query<{ position: number }>({ name: 'checkpoint', text });
    return row?.position ?? 0;
  }

  async advance({ from, to, writes }: ViewStep): Promise<number> {
    const values = [from, to, ...parametersOf(writes)];
    const [row] = await this.#query<{ at: number }>({ name: 'advance', text: ADVANCE, values });
    return row?.at ?? from;
  }

  /** Whether this database holds events of its own, so that its views are of those. */
  async hasOwnLog(): Promise<boolean> {
    const text = 'SELECT EXISTS (SELECT FROM event) AS yes';
    const [row] = await this.#query<{ yes: boolean }>({ name: 'own log', text });
    return row?.yes === true;
  }

  async close(): Promise<void> {
    if (!this.#options.pool.ended) await this.#options.pool.end();
  }

  async #query<Row extends object>(config: QueryConfig): Promise<readonly Row[]> {
    const { pool, failureOf, onFatal } = this.#options;
    try {
      return (await pool.query<Row>(config)).rows;
    } catch (error) {
      const failure = failureOf(error);
      if (failure === 'fatal') onFatal(error);
      if (failure === 'refused') throw error;
      throw new StoreUnavailable('the views cannot be written now', { cause: error });
    }
  }
}

/** Of each key's writes only the last one goes, unless a drop is among them and order counts. */
function parametersOf(writes: readonly KvWrite[]): unknown[] {
  const hasDrop = writes.some(({ kind }) => kind === 'drop');
  const going = hasDrop ? writes : lastOfEach(writes);
  const views = new Map<string, number>();
  let kinds = 0;
  const columns: unknown[][] = Array.from({ length: 6 }, () => []);
  for (const write of going) {
    const view = viewOf(write.partition);
    if (!views.has(view)) views.set(view, views.size + 1);
    kinds |= 1 << KINDS[write.kind];
    const row = [views.get(view), KINDS[write.kind], ...rowOf(write)];
    for (const [index, column] of columns.entries()) column.push(row[index]);
  }
  return [[...views.keys()], kinds, ...columns];
}

function lastOfEach(writes: readonly KvWrite[]): readonly KvWrite[] {
  const last = new Map<string, KvWrite>();
  for (const write of writes) {
    if (write.kind === 'drop') continue;
    last.set(`${Buffer.from(write.key).toString('latin1')}|${write.partition}`, write);
  }
  return [...last.values()];
}

function rowOf(write: KvWrite): unknown[] {
  const { partition } = write;
  if (write.kind === 'put') return [partition, write.key, write.value, write.schema];
  if (write.kind === 'delete') return [partition, write.key, null, 0];
  return [partition, write.from ?? null, write.until ?? null, 0];
}

const KINDS = { put: 0, delete: 1, drop: 2 } as const;
const ADVANCE = 'SELECT advance_views($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS at';
