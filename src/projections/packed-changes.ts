import type { ObjectEntry, ObjectPath, StagingToken } from '../domain/model.js';
import type { PackedChanges, StagedChange } from '../ports/committed-store.js';
import type { KvRead, KvRow, KvSnapshot } from '../ports/kv-store.js';
import { assert } from '../shared/assert.js';
import { justAfter } from '../shared/bytes.js';
import { PackedRows } from '../shared/packed-rows.js';
import { VALUE_SCHEMA } from './kv-codec.js';
import { wordPartitions } from './kv-keys.js';
import { readOfTokens, type StagedSpan } from './staging-reads.js';

/** Rows of one partition in its first read; in later ones at most, and fewer of large ones. */
const ROWS_AT_FIRST = 1_000;
const ROWS_MAX = 4_000;
const ROWS_MIN = 100;
/** What the pages of all partitions that are read at once come to, about. */
const PAGES_BYTES = 4 * 1024 * 1024;

/**
 * Yields what tokens say from a path on, as `stagedChanges` does, in rows that nobody has taken
 * apart; the next page is read while one is worked on.
 *
 * @param tokens  newest first
 * @throws InvariantError  a token was dropped while it was read
 */
export async function* packedChanges(
  snapshot: KvSnapshot,
  tokens: readonly StagingToken[],
  span: Required<Pick<StagedSpan, 'from'>> & StagedSpan,
): AsyncGenerator<PackedChanges> {
  const pages = tokens.flatMap((token) =>
    wordPartitions(token).map((partition) => new Pages(snapshot, { token, partition, ...span })),
  );
  const reads = pages.map((of) => of.nextRead(ROWS_AT_FIRST));
  const first = await readOfTokens(snapshot, tokens, reads);
  for (const [index, of] of pages.entries()) of.take(first[index]);
  for (;;) {
    const live = pages.filter((of) => of.isAtRow);
    if (live.length === 0) return;
    const rowBytes = Math.max(...live.map((of) => of.rowBytes));
    const rowsMax = Math.floor(PAGES_BYTES / live.length / rowBytes);
    for (const of of live) of.readAhead(Math.max(ROWS_MIN, Math.min(rowsMax, ROWS_MAX)));
    yield takeTogether(live);
    await Promise.all(live.filter((of) => !of.isAtRow).map((of) => of.fill()));
  }
}

/** The rows of one partition, a page at hand and one on its way. */
class Pages {
  rows = new PackedRows(Buffer.alloc(0));
  isAtRow = false;
  /** Rows of the page at hand that were not passed. */
  leftCount = 0;
  /** Of the page at hand, on average. */
  rowBytes = 1;
  #ahead: Promise<readonly (readonly KvRow[])[]> | undefined;
  /** Rows that the last read could bring. */
  #limit = 0;
  /** Where what is behind the page begins; undefined: there is nothing. */
  #next: Uint8Array | undefined;

  constructor(
    private readonly snapshot: KvSnapshot,
    private readonly of: StagedSpan & { readonly token: StagingToken; readonly partition: string },
  ) {
    this.#next = of.from;
  }

  /** Whether more rows may come when those at hand are taken. */
  get mayGoOn(): boolean {
    return this.#ahead !== undefined;
  }

  nextRead(limit: number): KvRead {
    const { partition, until } = this.of;
    this.#limit = limit;
    const bounds = { ...(this.#next && { from: this.#next }), ...(until && { until }) };
    return { kind: 'pack', partition, limit, ...bounds };
  }

  /** Begins to read what is behind the page at hand, if there is anything. */
  readAhead(limit: number): void {
    if (this.#ahead || !this.#next) return;
    this.#ahead = readOfTokens(this.snapshot, [this.of.token], [this.nextRead(limit)]);
    // Whoever takes the page awaits it, unless nobody wants it any more.
    this.#ahead.catch(() => undefined);
  }

  /** Goes on with the page that is on its way, if one is. */
  async fill(): Promise<void> {
    const [rows] = (await this.#ahead) ?? [];
    this.#ahead = undefined;
    this.take(rows);
  }

  /** Takes the answer to `nextRead` as the page at hand. */
  take([row]: readonly KvRow[] = []): void {
    this.#next = undefined;
    if (!row) return;
    assert(row.schema === VALUE_SCHEMA, `values of schema ${row.schema} are of a newer program`);
    const { buffer, byteOffset, byteLength } = row.value;
    const packed = Buffer.from(buffer, byteOffset, byteLength);
    const all = new PackedRows(packed);
    let count = 0;
    while (all.next()) count++;
    if (count >= this.#limit) this.#next = justAfter(all.key());
    this.leftCount = count;
    this.rowBytes = packed.length / count;
    this.rows = new PackedRows(packed);
    this.isAtRow = this.rows.next();
  }

  /** Goes to the next row of the page at hand. */
  pass(): void {
    this.leftCount--;
    this.isAtRow = this.rows.next();
  }
}

/**
 * Takes rows of several partitions in the order of their keys, until one of them has to be read on;
 * of a key in several, the first one's.
 */
function takeTogether(live: readonly Pages[]): PackedChanges {
  const [only] = live;
  if (only && live.length === 1) return restOf(only);
  const runs: Buffer[] = [];
  let count = 0;
  let run: { readonly of: Pages; readonly from: number; to: number } | undefined;
  const close = () => {
    if (run) runs.push(run.of.rows.bytes.subarray(run.from, run.to));
  };
  while (live.every((of) => of.isAtRow || !of.mayGoOn)) {
    const lowest = lowestOf(live);
    if (!lowest) break;
    const { rows } = lowest;
    if (run?.of === lowest && run.to === rows.rowStart) run.to = rows.rowEnd;
    else {
      close();
      run = { of: lowest, from: rows.rowStart, to: rows.rowEnd };
    }
    count++;
    for (const other of live) {
      if (other !== lowest && other.isAtRow && compareKeys(other.rows, rows) === 0) other.pass();
    }
    lowest.pass();
  }
  close();
  return new Packed(Buffer.concat(runs), count);
}

function restOf(pages: Pages): PackedChanges {
  const { bytes, rowStart } = pages.rows;
  pages.isAtRow = false;
  return new Packed(bytes.subarray(rowStart), pages.leftCount);
}

function lowestOf(live: readonly Pages[]): Pages | undefined {
  let lowest: Pages | undefined;
  for (const of of live) {
    if (of.isAtRow && (!lowest || compareKeys(of.rows, lowest.rows) < 0)) lowest = of;
  }
  return lowest;
}

const compareKeys = (left: PackedRows, right: PackedRows): number =>
  left.bytes.compare(right.bytes, right.keyStart, right.keyEnd, left.keyStart, left.keyEnd);

class Packed implements PackedChanges {
  constructor(
    readonly packed: Buffer,
    readonly length: number,
  ) {}

  *[Symbol.iterator](): Generator<StagedChange> {
    const rows = new PackedRows(this.packed);
    while (rows.next()) {
      const entry = JSON.parse(rows.valueText()) as ObjectEntry | null;
      yield { path: rows.keyText() as ObjectPath, entry: entry ?? undefined };
    }
  }
}
