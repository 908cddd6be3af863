import { KvStore, SNAPSHOT_MS_MAX, viewOf } from '../ports/kv-store.js';
import type { KvRead, KvRow, KvSnapshot, KvWrite } from '../ports/kv-store.js';
import { PredicateFailed, SnapshotTooOld, StoreUnavailable } from '../ports/store-errors.js';
import { assert } from '../shared/assert.js';
import { packRows } from '../shared/packed-rows.js';
import { checkPlain, checkRead, PLAIN_VIEW, SCHEMAS_DIFFER } from './check-kv.js';
import { dropRows, putRow, rowAt, rowsBetween, type PartitionRows } from './partition-rows.js';

/** A partition's rows, in each slot of its view. */
type Partitions = ReadonlyMap<string, PartitionRows>;

/** Keeps everything in this process. For tests and for `MORAINE_EVENT_LOG=memory`. */
export class MemoryKvStore extends KvStore {
  readonly #snapshotMsMax: number;
  readonly #partitions = new Map<string, PartitionRows>();
  /** The slot in use, by view. */
  readonly #slots = new Map<string, number>();
  #slotCount = 0;
  #versions = 0;
  #epoch = 0;
  #held: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: { snapshotMsMax?: number } = {}) {
    super();
    this.#snapshotMsMax = options.snapshotMsMax ?? SNAPSHOT_MS_MAX;
    this.#slots.set(PLAIN_VIEW, this.newSlot());
  }

  async read(reads: readonly KvRead[]): Promise<readonly (readonly KvRow[])[]> {
    this.#assertOpen();
    return readFrom(this.#partitions, this.#slots, reads);
  }

  async snapshot<Result>(work: (snapshot: KvSnapshot) => Promise<Result>): Promise<Result> {
    this.#assertOpen();
    const untilMs = performance.now() + this.#snapshotMsMax;
    // From here on a write copies the partition first, so these arrays stay as they are.
    this.#epoch++;
    const partitions = new Map(this.#partitions);
    const slots = new Map(this.#slots);
    return work({
      read: async (reads) => {
        if (performance.now() > untilMs) throw new SnapshotTooOld('a snapshot was held too long');
        return readFrom(partitions, slots, reads);
      },
    });
  }

  async setIf(
    partition: string,
    key: Uint8Array,
    value: { bytes: Uint8Array; schema: number },
    expected: Pick<KvRow, 'version'> | undefined,
  ): Promise<string> {
    this.#assertOpen();
    checkPlain(partition, key, value.bytes);
    this.#assertVersion(partition, key, expected);
    this.apply([{ kind: 'put', partition, key, value: value.bytes, schema: value.schema }]);
    return String(this.#versions);
  }

  async deleteIf(
    partition: string,
    key: Uint8Array,
    expected: Pick<KvRow, 'version'>,
  ): Promise<void> {
    this.#assertOpen();
    checkPlain(partition, key);
    this.#assertVersion(partition, key, expected);
    this.apply([{ kind: 'delete', partition, key }]);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  /** Writes to the slots in use, in one step. For the log, and for nobody else. */
  apply(writes: readonly KvWrite[]): void {
    for (const write of writes) {
      const view = viewOf(write.partition);
      const slot = this.#slots.get(view) ?? this.newSlot();
      this.#slots.set(view, slot);
      this.applyTo(slot, [write]);
    }
  }

  /** Writes to one slot, in order. For the log and the view slots. */
  applyTo(slot: number, writes: readonly KvWrite[]): void {
    for (const write of writes) {
      const rows = this.#own(address(slot, write.partition));
      if (write.kind === 'drop') dropRows(rows, write);
      else if (write.kind === 'delete') dropKey(rows, write.key);
      else {
        const { key, value, schema } = write;
        const version = String(++this.#versions);
        putRow(rows, copyOf({ key, value, schema, version }));
      }
    }
  }

  /** Resolves when appends may go on; undefined when nothing keeps them waiting. */
  get held(): Promise<void> | undefined {
    return this.#held;
  }

  /** Keeps appends waiting while a slot takes another's place. */
  async holdAppends<Result>(work: () => Promise<Result>): Promise<Result> {
    while (this.#held) await this.#held;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    try {
      return await work();
    } finally {
      this.#held = undefined;
      resolve();
    }
  }

  newSlot(): number {
    return ++this.#slotCount;
  }

  slotOf(view: string): number | undefined {
    return this.#slots.get(view);
  }

  useSlot(view: string, slot: number): void {
    this.#slots.set(view, slot);
  }

  /** Every row of a slot, by partition. */
  rowsOf(slot: number): ReadonlyMap<string, readonly KvRow[]> {
    const prefix = address(slot, '');
    const found = [...this.#partitions].filter(([at]) => at.startsWith(prefix));
    return new Map(found.map(([at, { rows }]) => [at.slice(prefix.length), rows]));
  }

  forget(slot: number): void {
    for (const partition of this.rowsOf(slot).keys()) {
      this.#partitions.delete(address(slot, partition));
    }
  }

  get views(): ReadonlyMap<string, number> {
    return this.#slots;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new StoreUnavailable('the store is closed');
  }

  #assertVersion(
    partition: string,
    key: Uint8Array,
    expected: Pick<KvRow, 'version'> | undefined,
  ): void {
    const [[row] = []] = readFrom(this.#partitions, this.#slots, [{ kind: 'get', partition, key }]);
    if (row?.version !== expected?.version) {
      throw new PredicateFailed(`${partition}/${Buffer.from(key).toString('hex')}`);
    }
  }

  #own(at: string): KvRow[] {
    const found = this.#partitions.get(at);
    if (found?.epoch === this.#epoch) return found.rows;
    const rows = found?.rows.slice() ?? [];
    this.#partitions.set(at, { rows, epoch: this.#epoch });
    return rows;
  }
}

const address = (slot: number, partition: string) => `${slot}|${partition}`;

function dropKey(rows: KvRow[], key: Uint8Array): void {
  const row = rowAt(rows, key);
  if (row) rows.splice(rows.indexOf(row), 1);
}

function readFrom(
  partitions: Partitions,
  slots: ReadonlyMap<string, number>,
  reads: readonly KvRead[],
): readonly (readonly KvRow[])[] {
  return reads.map((read) => {
    checkRead(read);
    const slot = slots.get(viewOf(read.partition));
    const rows = slot === undefined ? [] : partitions.get(address(slot, read.partition))?.rows;
    if (read.kind !== 'get') {
      const found = rowsBetween(rows ?? [], read);
      return read.kind === 'pack' ? packOf(found) : found.map(copyOf);
    }
    const row = rowAt(rows ?? [], read.key);
    return row ? [copyOf(row)] : [];
  });
}

function packOf(rows: readonly KvRow[]): readonly KvRow[] {
  const [first] = rows;
  if (!first) return [];
  const { schema } = first;
  assert(
    rows.every((row) => row.schema === schema),
    SCHEMAS_DIFFER,
  );
  return [{ key: new Uint8Array(), value: packRows(rows), schema, version: '' }];
}

/** Nobody may change what the store holds through what he gave or got. `slice` would not do: a
 * Buffer's shares its bytes. */
const copyOf = ({ key, value, schema, version }: KvRow): KvRow => ({
  key: new Uint8Array(key),
  value: new Uint8Array(value),
  schema,
  version,
});
