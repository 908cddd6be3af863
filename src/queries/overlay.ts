import type { ObjectEntry, StagingToken } from '../domain/model.js';
import type { CommittedStore } from '../ports/committed-store.js';
import type { KvRow, KvSnapshot } from '../ports/kv-store.js';
import { decodeValue } from '../projections/kv-codec.js';
import { scanOfToken } from '../projections/staging.view.js';
import { compareBytes, fromUtf8, justAfter, utf8 } from '../shared/bytes.js';
import type { ReadPoint } from './read-at.js';

/** A source has no more rows at hand, and no snapshot to read more of the same state from. */
export class NeedsSnapshot extends Error {
  override readonly name = 'NeedsSnapshot';
}

export interface OverlayItem {
  readonly key: Uint8Array;
  /** Undefined is a tombstone. */
  readonly entry: ObjectEntry | undefined;
  /** Whether a staging token says so. */
  readonly isStaged: boolean;
}

interface Cursor<Row> {
  rows: readonly Row[];
  at: number;
  /** Where what is behind the rows at hand begins; undefined: there is nothing behind them. */
  next: Uint8Array | undefined;
}

type StagedCursor = Cursor<KvRow> & { readonly token: StagingToken };
type CommittedCursor = Cursor<{ readonly key: Uint8Array; readonly entry: ObjectEntry }>;

export interface OverlayLimits {
  /** Exclusive; undefined: to the end. */
  readonly until: Uint8Array | undefined;
  /** Rows of each source read at once. */
  readonly rowsPerRead: number;
}

/**
 * Walks what a branch shows: staging tokens over the committed tree, in byte order of paths; of a
 * path in several places the newest word, tombstones included.
 */
export class Overlay {
  readonly #staged: readonly StagedCursor[];
  readonly #committed: CommittedCursor;

  private constructor(
    private readonly point: ReadPoint,
    private readonly sources: {
      readonly snapshot: KvSnapshot | undefined;
      readonly committed: CommittedStore;
    },
    private readonly limits: OverlayLimits,
    first: { readonly from: Uint8Array; readonly pages: readonly (readonly KvRow[])[] },
  ) {
    this.#staged = point.tokens.map((token, index) => {
      const rows = first.pages[index] ?? [];
      return { token, rows, at: 0, next: this.#behind(rows) };
    });
    const hasTree = point.metaRangeId !== undefined && point.metaRangeId !== '';
    this.#committed = { rows: [], at: 0, next: hasTree ? first.from : undefined };
  }

  /** Begins with first pages that were read together with the point. */
  static over(
    point: ReadPoint,
    sources: { snapshot: KvSnapshot | undefined; committed: CommittedStore },
    limits: OverlayLimits,
    first: { from: Uint8Array; pages: readonly (readonly KvRow[])[] },
  ): Overlay {
    return new Overlay(point, sources, limits, first);
  }

  /** @throws NeedsSnapshot  when there is no snapshot and more rows of a token are needed */
  async next(): Promise<OverlayItem | undefined> {
    await this.#fill();
    let key: Uint8Array | undefined;
    for (const cursor of [...this.#staged, this.#committed]) {
      const row = cursor.rows[cursor.at];
      if (row && (!key || compareBytes(row.key, key) < 0)) key = row.key;
    }
    return key && this.#take(key);
  }

  /** Goes on with the first path at or behind `key`. */
  skipTo(key: Uint8Array): void {
    for (const cursor of [...this.#staged, this.#committed]) {
      while (cursor.at < cursor.rows.length && isBefore(cursor.rows[cursor.at]?.key, key)) {
        cursor.at++;
      }
      if (cursor.at === cursor.rows.length && cursor.next && isBefore(cursor.next, key)) {
        cursor.next = key;
      }
    }
  }

  #take(key: Uint8Array): OverlayItem {
    let item: OverlayItem | undefined;
    for (const cursor of this.#staged) {
      const row = cursor.rows[cursor.at];
      if (!row || compareBytes(row.key, key) !== 0) continue;
      cursor.at++;
      // Newest first: what an older token says of this path is history.
      item ??= { key, entry: decodeValue<ObjectEntry | null>(row) ?? undefined, isStaged: true };
    }
    const row = this.#committed.rows[this.#committed.at];
    if (row && compareBytes(row.key, key) === 0) {
      this.#committed.at++;
      item ??= { key, entry: row.entry, isStaged: false };
    }
    return item ?? { key, entry: undefined, isStaged: false };
  }

  async #fill(): Promise<void> {
    const empty = this.#staged.filter(({ at, rows, next }) => at >= rows.length && next);
    if (empty.length > 0) await this.#fillStaged(empty);
    const tree = this.#committed;
    if (tree.at < tree.rows.length || !tree.next) return;
    const { until, rowsPerRead } = this.limits;
    const objects = await this.sources.committed.scan(
      this.point.repository.namespace,
      this.point.metaRangeId as NonNullable<ReadPoint['metaRangeId']>,
      { from: tree.next, limit: rowsPerRead, ...(until ? { until } : {}) },
    );
    tree.rows = objects.map(({ path, entry }) => ({ key: utf8(path), entry }));
    tree.at = 0;
    tree.next = this.#behind(tree.rows);
  }

  async #fillStaged(empty: readonly StagedCursor[]): Promise<void> {
    const { snapshot } = this.sources;
    if (!snapshot) throw new NeedsSnapshot();
    const { until, rowsPerRead } = this.limits;
    const pages = await snapshot.read(
      empty.map(({ token, next }) =>
        scanOfToken(
          token,
          { ...(next ? { from: next } : {}), ...(until ? { until } : {}) },
          rowsPerRead,
        ),
      ),
    );
    for (const [index, cursor] of empty.entries()) {
      cursor.rows = pages[index] ?? [];
      cursor.at = 0;
      cursor.next = this.#behind(cursor.rows);
    }
  }

  #behind(rows: readonly { readonly key: Uint8Array }[]): Uint8Array | undefined {
    const last = rows.at(-1);
    return rows.length >= this.limits.rowsPerRead && last ? justAfter(last.key) : undefined;
  }
}

const isBefore = (left: Uint8Array | undefined, right: Uint8Array): boolean =>
  left !== undefined && compareBytes(left, right) < 0;

/** Returns the text of a path; every stored path is valid UTF-8. */
export const pathOf = (item: OverlayItem): string => fromUtf8(item.key);
