import type { ObjectEntry, ObjectPath } from '../domain/model.js';
import type { CommittedStore } from '../ports/committed-store.js';
import type { KvRow, KvSnapshot } from '../ports/kv-store.js';
import { decodeValue } from '../projections/kv-codec.js';
import { scanOfCursor, type TokenCursor } from '../projections/staging.view.js';
import { assert } from '../shared/assert.js';
import { fromUtf8, utf8 } from '../shared/bytes.js';
import { Interleaved, type PagedCursor } from '../shared/interleaved.js';
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

/** An object of the tree. Its key is made when there is something to compare it with. */
class TreeRow implements OverlayItem {
  readonly isStaged = false;
  #key: Uint8Array | undefined;

  constructor(
    readonly path: ObjectPath,
    readonly entry: ObjectEntry,
  ) {}

  get key(): Uint8Array {
    this.#key ??= utf8(this.path);
    return this.#key;
  }
}

type Row = KvRow | TreeRow;
type Cursor = TokenCursor | (PagedCursor<Row> & { readonly token: undefined });

export interface OverlayLimits {
  /** Exclusive; undefined: to the end. */
  readonly until: Uint8Array | undefined;
  /** Rows of each source read at once, to begin with. */
  readonly rowsPerRead: number;
}

/** Rows of one source read at once. */
const ROWS_PER_READ_MAX = 1000;

/**
 * Walks what a branch shows: staging tokens over the committed tree, in byte order of paths; of a
 * path in several places the newest word, tombstones included.
 */
export class Overlay {
  readonly #rows: Interleaved<Row, Cursor>;

  private constructor(
    private readonly point: ReadPoint,
    private readonly sources: {
      readonly snapshot: KvSnapshot | undefined;
      readonly committed: CommittedStore;
    },
    private readonly limits: OverlayLimits,
    first: { readonly from: Uint8Array; readonly pages: readonly (readonly KvRow[])[] },
  ) {
    const { rowsPerRead } = limits;
    const staged = point.tokens.map((token, index): Cursor => {
      const rows = first.pages[index] ?? [];
      return { ...Interleaved.cursor<KvRow>(rows, rowsPerRead), token };
    });
    const hasTree = point.metaRangeId !== undefined && point.metaRangeId !== '';
    const tree = { ...Interleaved.unread<Row>(first.from, rowsPerRead), token: undefined };
    this.#rows = new Interleaved<Row, Cursor>(
      hasTree ? [...staged, tree] : staged,
      (empty) => this.#read(empty),
      Math.max(ROWS_PER_READ_MAX, rowsPerRead),
    );
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
    const row = this.#rows.take() ?? (await this.#rows.next());
    if (row === undefined) return undefined;
    if (row instanceof TreeRow) return row;
    // Newest first: what an older token says of this path is history.
    const entry = decodeValue<ObjectEntry | null>(row) ?? undefined;
    return { key: row.key, entry, isStaged: true };
  }

  /** Goes on with the first path at or behind `key`, and reads nothing of what lies between. */
  skipTo(key: Uint8Array): void {
    this.#rows.skipTo(key);
  }

  async #read(empty: readonly Cursor[]): Promise<readonly (readonly Row[])[]> {
    const staged = empty.filter((cursor) => cursor.token !== undefined);
    const [pages, tree] = await Promise.all([
      this.#readStaged(staged),
      staged.length < empty.length ? this.#readTree(empty.at(-1)) : [],
    ]);
    return staged.length < empty.length ? [...pages, tree] : pages;
  }

  async #readStaged(cursors: readonly TokenCursor[]): Promise<readonly (readonly KvRow[])[]> {
    if (cursors.length === 0) return [];
    const { snapshot } = this.sources;
    if (!snapshot) throw new NeedsSnapshot();
    return snapshot.read(cursors.map((cursor) => scanOfCursor(cursor, this.limits.until)));
  }

  async #readTree(cursor: Cursor | undefined): Promise<readonly TreeRow[]> {
    const { metaRangeId, repository } = this.point;
    assert(metaRangeId && cursor?.next, 'there is a tree, and it is read from somewhere');
    const { until } = this.limits;
    const objects = await this.sources.committed.scan(repository.namespace, metaRangeId, {
      from: cursor.next,
      limit: cursor.limit,
      ...(until ? { until } : {}),
    });
    return objects.map(({ path, entry }) => new TreeRow(path, entry));
  }
}

/** Returns the text of a path; every stored path is valid UTF-8. */
export const pathOf = (item: OverlayItem): string =>
  item instanceof TreeRow ? item.path : fromUtf8(item.key);
