import { nextTurn, TURN_RECORDS_MAX } from '../../committed/turn.js';
import type { KvRead, KvRow, KvSnapshot, KvWrite } from '../../ports/kv-store.js';
import { VALUE_SCHEMA } from '../../projections/kv-codec.js';
import { assert } from '../../shared/assert.js';
import { byteText } from '../../shared/bytes.js';
import { lowerBound } from '../../shared/lower-bound.js';
import { packRows } from '../../shared/packed-rows.js';
import { ByteArena } from './byte-arena.js';
import { sortedInTurns } from './sorted-in-turns.js';

/** What a row takes beside its value: its key as text, and its place in two lists. */
const ROW_BYTES = 120;

interface Place {
  readonly at: number;
  readonly length: number;
  /** Bytes that are its own, from an older and longer value. */
  readonly room: number;
}

/** Rows of one partition in the order of their keys. */
interface Settled {
  readonly keys: readonly string[];
  readonly at: Float64Array;
  readonly length: Uint32Array;
}

/**
 * What a view's rows were at some moment: written once, in the order of the events, then read as
 * often as one likes. Nothing is in order before it is settled, and nothing is written after.
 *
 * A row takes its value's bytes and some hundred more.
 */
export class PastRows implements KvSnapshot {
  readonly #arena = new ByteArena();
  #growing = new Map<string, Map<string, Place>>();
  readonly #settled = new Map<string, Settled>();
  #rowCount = 0;
  #keyBytes = 0;

  /** @param partitions  what is written elsewhere is left out */
  constructor(partitions: Iterable<string>) {
    for (const partition of partitions) this.#growing.set(partition, new Map());
  }

  /** About; what was overwritten may count. */
  get sizeBytes(): number {
    return this.#arena.sizeBytes + this.#keyBytes + this.#rowCount * ROW_BYTES;
  }

  write(writes: readonly KvWrite[]): void {
    for (const write of writes) {
      const rows = this.#growing.get(write.partition);
      if (!rows) continue;
      if (write.kind === 'put') this.#put(rows, write);
      else if (write.kind === 'delete') rows.delete(byteText(write.key));
      else dropFrom(rows, write);
    }
  }

  /** Puts the rows in their order; from here on they are read. */
  async settle(): Promise<void> {
    for (const [partition, rows] of this.#growing) {
      if (rows.size === 0) continue;
      const keys = await sortedInTurns([...rows.keys()]);
      const at = new Float64Array(keys.length);
      const length = new Uint32Array(keys.length);
      for (const [index, key] of keys.entries()) {
        const place = rows.get(key);
        assert(place, 'each key has its place');
        at[index] = place.at;
        length[index] = place.length;
        if (index % TURN_RECORDS_MAX === 0) await nextTurn();
      }
      this.#settled.set(partition, { keys, at, length });
    }
    this.#growing = new Map();
  }

  async read(reads: readonly KvRead[]): Promise<readonly (readonly KvRow[])[]> {
    return reads.map((read) => {
      const rows = this.#settled.get(read.partition);
      if (!rows) return [];
      if (read.kind === 'get') {
        const key = byteText(read.key);
        const index = firstAtOrBehind(rows.keys, key);
        return rows.keys[index] === key ? [this.#row(rows, index)] : [];
      }
      const first = read.from ? firstAtOrBehind(rows.keys, byteText(read.from)) : 0;
      const end = read.until ? firstAtOrBehind(rows.keys, byteText(read.until)) : rows.keys.length;
      const found: KvRow[] = [];
      for (let index = first; index < end && found.length < read.limit; index++) {
        found.push(this.#row(rows, index));
      }
      return read.kind === 'pack' && found.length > 0 ? [packOf(found)] : found;
    });
  }

  #put(rows: Map<string, Place>, { key, value, schema }: Extract<KvWrite, { kind: 'put' }>): void {
    assert(schema === VALUE_SCHEMA, 'views write values of one schema');
    const text = byteText(key);
    const old = rows.get(text);
    if (old && old.room >= value.length) {
      this.#arena.replace(old.at, value);
      rows.set(text, { ...old, length: value.length });
      return;
    }
    if (!old) {
      this.#rowCount++;
      this.#keyBytes += text.length;
    }
    const length = value.length;
    rows.set(text, { at: this.#arena.add(value), length, room: length });
  }

  #row({ keys, at, length }: Settled, index: number): KvRow {
    return {
      key: Buffer.from(keys[index] ?? '', 'latin1'),
      value: this.#arena.at(at[index] ?? 0, length[index] ?? 0),
      schema: VALUE_SCHEMA,
      version: '',
    };
  }
}

const packOf = (rows: readonly KvRow[]): KvRow => ({
  key: new Uint8Array(),
  value: packRows(rows),
  schema: VALUE_SCHEMA,
  version: '',
});

function dropFrom(rows: Map<string, Place>, write: Extract<KvWrite, { kind: 'drop' }>): void {
  const from = write.from && byteText(write.from);
  const until = write.until && byteText(write.until);
  for (const key of rows.keys()) {
    const isIn = (from === undefined || key >= from) && (until === undefined || key < until);
    if (isIn) rows.delete(key);
  }
}

/** Returns the index of the first key that is not below `key`. */
function firstAtOrBehind(keys: readonly string[], key: string): number {
  return lowerBound({ to: keys.length }, (place) => (keys[place] ?? '') < key);
}
