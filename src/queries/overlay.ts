import type { ObjectEntry, ObjectPath, StagingToken } from '../domain/model.js';
import type { KvRow, KvSnapshot } from '../ports/kv-store.js';
import { decodeValue } from '../projections/kv-codec.js';
import { partitions } from '../projections/kv-keys.js';
import { runAt, runOf, scanOfCursor, type TokenCursor } from '../projections/staging.view.js';
import { assert } from '../shared/assert.js';
import { compareBytes, fromUtf8, justAfter, utf8 } from '../shared/bytes.js';
import { Interleaved, refill, skipCursor, type PagedCursor } from '../shared/interleaved.js';

/** A source has no more rows at hand, and no snapshot to read more of the same state from. */
export class NeedsSnapshot extends Error {
  override readonly name = 'NeedsSnapshot';
}

interface Keyed {
  readonly key: Uint8Array;
}

/** What a branch shows at a path: what a token says, or a row of what lies below all tokens. */
export type Shown<TreeRow extends Keyed> =
  { readonly key: Uint8Array; readonly entry: ObjectEntry; readonly isStaged: true } | TreeRow;

/** An object of a tree. Its key is made when there is something to compare it with. */
export class TreeObject implements Keyed {
  #key: Uint8Array | undefined;

  constructor(
    readonly path: ObjectPath,
    readonly entry: ObjectEntry,
    /** The same object each time it is read; undefined: it is nobody else's. */
    readonly kept: object | undefined,
  ) {}

  get key(): Uint8Array {
    this.#key ??= utf8(this.path);
    return this.#key;
  }
}

type Source<Row extends Keyed> = PagedCursor<Row> & { readonly depth: number };
/** One of a token's partitions; the newest token has depth 0. */
type StagedSource = TokenCursor & { readonly depth: number };

export interface OverlaySources<TreeRow extends Keyed> {
  /** Newest first. */
  readonly tokens: readonly StagingToken[];
  /** Undefined: what is at hand must do. */
  readonly snapshot: KvSnapshot | undefined;
  /** Reads what lies below all tokens, in byte order; undefined: nothing does. */
  readonly tree:
    | ((from: Uint8Array, limit: number, until: Uint8Array | undefined) => Promise<TreeRow[]>)
    | undefined;
}

export interface OverlayLimits {
  /** Inclusive. */
  readonly from: Uint8Array;
  /** Exclusive; undefined: to the end. */
  readonly until: Uint8Array | undefined;
  /** Rows of each source read at once, to begin with. */
  readonly rowsPerRead: number;
}

/** Rows of one source read at once. */
const ROWS_PER_READ_MAX = 1000;
/** Hidden paths in a row after which it is worth a read to learn how long this goes on. */
const HIDDEN_IN_A_ROW = 16;
const HIDDEN_IN_A_ROW_MAX = 1024;

/** Returns the reads of each token's first pages, as {@link Overlay} takes them. */
export const firstPages = (
  tokens: readonly StagingToken[],
  { from, until, rowsPerRead }: OverlayLimits,
) =>
  tokens.flatMap((token) =>
    pairOf(token).map((partition) =>
      scanOfCursor({ ...Interleaved.unread<KvRow>(from, rowsPerRead), token, partition }, until),
    ),
  );

/**
 * Walks what a branch shows: the entries of staging tokens over a tree, less what is deleted, in
 * byte order of paths; of a path in several places the newest.
 *
 * It costs by what is shown. Tombstones are looked for where there is something to hide, and are
 * not walked; and where a token has deleted a whole run of what lies below it, that is jumped.
 */
export class Overlay<TreeRow extends Keyed> {
  /** Newest first. */
  readonly #entries: readonly StagedSource[];
  /** The same tokens'. */
  readonly #tombstones: readonly StagedSource[];
  readonly #tree: Source<TreeRow> | undefined;
  readonly #all: readonly (StagedSource | Source<TreeRow>)[];
  /** Sources whose next page is needed to go on. */
  #wanted: (StagedSource | Source<TreeRow>)[] = [];
  /** The tokens have no more rows: what is left is the tree as it is. */
  #isTreeAlone = false;
  #hiddenInARow = 0;
  #patience = HIDDEN_IN_A_ROW;

  /** @param pages  first pages that were read before, see {@link firstPages} */
  constructor(
    private readonly sources: OverlaySources<TreeRow>,
    private readonly limits: OverlayLimits,
    pages?: readonly (readonly KvRow[])[],
  ) {
    const { from, rowsPerRead } = limits;
    const staged = sources.tokens.flatMap((token, depth) =>
      pairOf(token).map((partition, nth): StagedSource => {
        const page = pages?.[2 * depth + nth];
        const cursor = page
          ? Interleaved.cursor<KvRow>(page, rowsPerRead)
          : Interleaved.unread<KvRow>(from, rowsPerRead);
        return { ...cursor, token, partition, depth };
      }),
    );
    this.#entries = staged.filter((_, index) => index % 2 === 0);
    this.#tombstones = staged.filter((_, index) => index % 2 === 1);
    const depth = sources.tokens.length;
    this.#tree = sources.tree && { ...Interleaved.unread<TreeRow>(from, rowsPerRead), depth };
    this.#all = this.#tree ? [...staged, this.#tree] : staged;
  }

  /**
   * Returns what is next when nothing is left but the tree, and that has it at hand; undefined says
   * nothing, and {@link next} is to be asked. A promise for each object of a page is a tenth of it.
   */
  atHand(): TreeRow | undefined {
    const row = this.#isTreeAlone ? this.#tree?.rows[this.#tree.at] : undefined;
    if (row && this.#tree) this.#tree.at++;
    return row;
  }

  /** @throws NeedsSnapshot  when there is no snapshot and more rows of a token are needed */
  async next(): Promise<Shown<TreeRow> | undefined> {
    for (;;) {
      const next = this.atHand();
      if (next) return next;
      const step = this.#step();
      if (step.kind === 'shown') return step.row;
      if (step.kind === 'end') return undefined;
      if (step.kind === 'read') await this.#read();
      else if (++this.#hiddenInARow >= this.#patience) await this.#jump(step.by, step.key);
    }
  }

  /** Goes on with the first path at or behind `key`, and reads nothing of what lies between. */
  skipTo(key: Uint8Array): void {
    for (const source of this.#all) skipCursor(source, key);
  }

  #step():
    | { kind: 'shown'; row: Shown<TreeRow> }
    | { kind: 'hidden'; by: StagedSource; key: Uint8Array }
    | { kind: 'read' }
    | { kind: 'end' } {
    this.#wanted = [];
    const lowest = this.#lowest();
    if (this.#wanted.length > 0) return { kind: 'read' };
    if (lowest === undefined) return { kind: 'end' };
    const { source, row } = lowest;
    const by = this.#hider(row, source.depth);
    if (this.#wanted.length > 0) return { kind: 'read' };
    for (const each of this.#all) passOver(each, row);
    this.#isTreeAlone = this.#all.every((each) => each === this.#tree || isAtEnd(each));
    if (by) return { kind: 'hidden', by, key: row.key };
    this.#hiddenInARow = 0;
    this.#patience = HIDDEN_IN_A_ROW;
    return { kind: 'shown', row: source === this.#tree ? (row as TreeRow) : shown(row as KvRow) };
  }

  /** Returns the lowest of what may be shown; of a path in several places, the newest. */
  #lowest() {
    let lowest: { source: StagedSource | Source<TreeRow>; row: KvRow | TreeRow } | undefined;
    const look = (source: StagedSource | Source<TreeRow>) => {
      const row = source.rows[source.at];
      // The rows to come of this source may be lower than all that is at hand.
      if (row === undefined && source.next !== undefined) this.#wanted.push(source);
      if (row && (!lowest || compareBytes(row.key, lowest.row.key) < 0)) lowest = { source, row };
    };
    for (const source of this.#entries) look(source);
    if (this.#tree) look(this.#tree);
    return lowest;
  }

  /** Returns the newest tombstone over a path, of the tokens above a depth. */
  #hider(hidden: Keyed, depth: number): StagedSource | undefined {
    for (const source of this.#tombstones) {
      if (source.depth >= depth) return undefined;
      if (isAtEnd(source)) continue;
      const { key } = hidden;
      skipCursor(source, key);
      const row = source.rows[source.at];
      if (row === undefined && source.next && compareBytes(source.next, key) <= 0) {
        this.#wanted.push(source);
      } else if (row && compareBytes(row.key, key) === 0) return source;
    }
    return undefined;
  }

  /** Passes what a token has deleted whole, from a tombstone of it on. */
  async #jump(by: StagedSource, key: Uint8Array): Promise<void> {
    const { snapshot } = this.sources;
    if (!snapshot) throw new NeedsSnapshot();
    const [[row] = []] = await snapshot.read([runAt(by.token, key)]);
    const last = row && utf8(runOf(row).last);
    this.#hiddenInARow = 0;
    if (last === undefined || compareBytes(last, key) <= 0) {
      const longer = Math.max(HIDDEN_IN_A_ROW, 2 * this.#patience);
      this.#patience = Math.min(longer, HIDDEN_IN_A_ROW_MAX);
      return;
    }
    // What follows may be the next run of the same deletion, by somebody else's hand.
    this.#patience = 1;
    // Newer tokens, and this one's own entries, may show something in it.
    const behind = justAfter(last);
    for (const source of this.#all) if (source.depth > by.depth) skipCursor(source, behind);
  }

  async #read(): Promise<void> {
    const tree = this.#tree && this.#wanted.includes(this.#tree) ? this.#tree : undefined;
    const staged = this.#wanted.filter((source): source is StagedSource => source !== tree);
    const [pages, rows] = await Promise.all([this.#readStaged(staged), this.#readTree(tree)]);
    for (const [index, source] of staged.entries()) {
      refill(source, pages[index] ?? [], ROWS_PER_READ_MAX);
    }
    if (tree) refill(tree, rows, Math.max(ROWS_PER_READ_MAX, this.limits.rowsPerRead));
  }

  async #readStaged(sources: readonly StagedSource[]): Promise<readonly (readonly KvRow[])[]> {
    if (sources.length === 0) return [];
    const { snapshot } = this.sources;
    if (!snapshot) throw new NeedsSnapshot();
    return snapshot.read(sources.map((source) => scanOfCursor(source, this.limits.until)));
  }

  async #readTree(source: Source<TreeRow> | undefined): Promise<readonly TreeRow[]> {
    if (!source) return [];
    const { tree } = this.sources;
    assert(tree && source.next, 'there is a tree, and it is read from somewhere');
    return tree(source.next, source.limit, this.limits.until);
  }
}

const pairOf = (token: StagingToken) => [partitions.staging(token), partitions.tombstones(token)];

const shown = (row: KvRow) => {
  const entry = decodeValue<ObjectEntry>(row);
  return { key: row.key, entry, isStaged: true as const };
};

const isAtEnd = ({ at, rows, next }: PagedCursor<Keyed>): boolean =>
  at >= rows.length && next === undefined;

function passOver(source: PagedCursor<Keyed>, row: Keyed): void {
  const own = source.rows[source.at];
  if (own && (own === row || compareBytes(own.key, row.key) === 0)) source.at++;
}

/** Returns the text of a path; every stored path is valid UTF-8. */
export const pathOf = (row: Keyed): ObjectPath =>
  row instanceof TreeObject ? row.path : (fromUtf8(row.key) as ObjectPath);
