import { compareBytes, justAfter } from './bytes.js';
import { lowerBound } from './lower-bound.js';

interface Keyed {
  readonly key: Uint8Array;
}

/** One sorted source, a page of it at hand. */
export interface PagedCursor<Row extends Keyed> {
  rows: readonly Row[];
  at: number;
  /** Where what is behind the rows at hand begins; undefined: there is nothing behind them. */
  next: Uint8Array | undefined;
  /** Rows that the next read may bring. */
  limit: number;
}

/** Rows read behind a jump, where one may be all that is looked at. */
const ROWS_BEHIND_JUMP = 2;
/** From one read to the next of a walk that goes on. */
const GROWTH = 4;

/**
 * Walks several sorted sources as one, in byte order of keys; of a key in several of them, the word
 * of the first source. A jump reads little, and a walk that goes on more and more: both cost by
 * what is taken.
 */
export class Interleaved<Row extends Keyed, Cursor extends PagedCursor<Row>> {
  constructor(
    private readonly cursors: readonly Cursor[],
    /** Returns the next page of each cursor: at most `limit` rows from `next` on. */
    private readonly read: (empty: readonly Cursor[]) => Promise<readonly (readonly Row[])[]>,
    private readonly rowsMax: number,
  ) {}

  /** Returns a cursor whose first page was read with `limit`. */
  static cursor<Row extends Keyed>(rows: readonly Row[], limit: number): PagedCursor<Row> {
    return { rows, at: 0, next: behind(rows, limit), limit };
  }

  /** Returns a cursor that nothing was read of. */
  static unread<Row extends Keyed>(from: Uint8Array, limit: number): PagedCursor<Row> {
    return { rows: [], at: 0, next: from, limit };
  }

  /** Returns the next row, past it and its later words; undefined when some page has run out. */
  take(): Row | undefined {
    let lowest: Row | undefined;
    for (const { rows, at, next } of this.cursors) {
      const row = rows[at];
      // The rows to come of this source may be lower than all that is at hand.
      if (row === undefined && next !== undefined) return undefined;
      if (row && (!lowest || compareBytes(row.key, lowest.key) < 0)) lowest = row;
    }
    if (!lowest) return undefined;
    for (const cursor of this.cursors) {
      const row = cursor.rows[cursor.at];
      if (row && (row === lowest || compareBytes(row.key, lowest.key) === 0)) cursor.at++;
    }
    return lowest;
  }

  /** Reads on where a page has run out. Returns whether there may be more to take. */
  async fill(): Promise<boolean> {
    const empty = this.cursors.filter(({ at, rows, next }) => at >= rows.length && next);
    if (empty.length === 0) return false;
    const pages = await this.read(empty);
    for (const [index, cursor] of empty.entries()) {
      refill(cursor, pages[index] ?? [], this.rowsMax);
    }
    return true;
  }

  /** Returns the next row, reading on where that is needed. */
  async next(): Promise<Row | undefined> {
    for (;;) {
      const row = this.take();
      if (row !== undefined) return row;
      if (!(await this.fill())) return undefined;
    }
  }

  /** Goes on with the first key at or behind `key`; what lies between is not read. */
  skipTo(key: Uint8Array): void {
    for (const cursor of this.cursors) skipCursor(cursor, key);
  }
}

/** Gives a cursor the page that was read for it. */
export function refill<Row extends Keyed>(
  cursor: PagedCursor<Row>,
  rows: readonly Row[],
  rowsMax: number,
): void {
  cursor.rows = rows;
  cursor.at = 0;
  cursor.next = behind(rows, cursor.limit);
  cursor.limit = Math.min(cursor.limit * GROWTH, rowsMax);
}

/** Puts a cursor to the first key at or behind `key`; what lies between is not read. */
export function skipCursor(cursor: PagedCursor<Keyed>, key: Uint8Array): void {
  cursor.at = firstAtOrBehind(cursor, key);
  const isPast = cursor.next && compareBytes(cursor.next, key) < 0;
  if (cursor.at < cursor.rows.length || !isPast) return;
  cursor.next = key;
  cursor.limit = ROWS_BEHIND_JUMP;
}

function behind(rows: readonly Keyed[], limit: number): Uint8Array | undefined {
  const last = rows.at(-1);
  return rows.length >= limit && last ? justAfter(last.key) : undefined;
}

function firstAtOrBehind({ rows, at }: PagedCursor<Keyed>, key: Uint8Array): number {
  return lowerBound({ from: at, to: rows.length }, (place) => {
    const row = rows[place];
    return row !== undefined && compareBytes(row.key, key) < 0;
  });
}
