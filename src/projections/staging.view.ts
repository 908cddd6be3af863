import type { ObjectEntry, ObjectPath, StagingToken } from '../domain/model.js';
import type { StagedChange } from '../ports/committed-store.js';
import type { KvRead, KvRow, KvSnapshot } from '../ports/kv-store.js';
import { assert } from '../shared/assert.js';
import { compareBytes, fromUtf8, justAfter } from '../shared/bytes.js';
import { decodeValue } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';

/** Rows of one token read at once; bounds what is in memory and how long one read takes. */
export const STAGED_ROWS_PER_READ = 1000;

/** One token's rows in the order of their paths, a page at a time. */
interface TokenCursor {
  readonly token: StagingToken;
  rows: readonly KvRow[];
  at: number;
  /** Where the next page begins; undefined when this one is the last. */
  next: Uint8Array | undefined;
}

export interface StagedSpan {
  /** Inclusive. */
  readonly from?: Uint8Array;
  /** Exclusive. */
  readonly until?: Uint8Array;
}

/** Returns the read of a token's first rows of a span. */
export const scanOfToken = (
  token: StagingToken,
  { from, until }: StagedSpan,
  limit = STAGED_ROWS_PER_READ,
): KvRead => ({
  kind: 'scan',
  partition: partitions.staging(token),
  ...(from ? { from } : {}),
  ...(until ? { until } : {}),
  limit,
});

/** Returns what a token says of a path: an entry, null (a tombstone), or undefined: nothing. */
export function stagedEntry(rows: readonly KvRow[] | undefined): ObjectEntry | null | undefined {
  const row = rows?.[0];
  return row && decodeValue<ObjectEntry | null>(row);
}

/**
 * Yields what tokens say, in the order of paths; of a path in several tokens, the newest word.
 *
 * @param tokens  newest first
 * @throws InvariantError  a token was dropped while it was read
 */
export async function* stagedChanges(
  snapshot: KvSnapshot,
  tokens: readonly StagingToken[],
  span: StagedSpan = {},
): AsyncGenerator<readonly StagedChange[]> {
  const cursors = await openCursors(snapshot, tokens, span);
  let batch: StagedChange[] = [];
  for (;;) {
    const row = takeLowest(cursors);
    if (row === undefined) {
      const hasMore = await fill(snapshot, cursors, span);
      if (!hasMore) break;
      continue;
    }
    batch.push({
      path: fromUtf8(row.key) as ObjectPath,
      entry: decodeValue<ObjectEntry | null>(row) ?? undefined,
    });
    if (batch.length === STAGED_ROWS_PER_READ) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/**
 * Returns the next page of each token. The token's own row is read with it: of a token that was
 * dropped meanwhile there is no row, and its page would be taken for an empty one.
 */
async function readPages(
  snapshot: KvSnapshot,
  scans: readonly { readonly token: StagingToken; readonly span: StagedSpan }[],
): Promise<readonly (readonly KvRow[])[]> {
  const found = await snapshot.read([
    ...scans.map(({ token, span }) => scanOfToken(token, span)),
    ...scans.map(({ token }) => ({
      kind: 'get' as const,
      partition: partitions.tokens,
      key: keys.token(token),
    })),
  ]);
  for (const [index, { token }] of scans.entries()) {
    assert(found[scans.length + index]?.length === 1, `${token} was dropped while it was read`);
  }
  return found.slice(0, scans.length);
}

async function openCursors(
  snapshot: KvSnapshot,
  tokens: readonly StagingToken[],
  span: StagedSpan,
): Promise<TokenCursor[]> {
  if (tokens.length === 0) return [];
  const pages = await readPages(
    snapshot,
    tokens.map((token) => ({ token, span })),
  );
  return tokens.map((token, index) => {
    const rows = pages[index] ?? [];
    return { token, rows, at: 0, next: nextOf(rows) };
  });
}

/** Returns the lowest row, past it and its older words; undefined when some page has run out. */
function takeLowest(cursors: readonly TokenCursor[]): KvRow | undefined {
  let lowest: KvRow | undefined;
  for (const cursor of cursors) {
    const row = cursor.rows[cursor.at];
    // The rows to come of this token may be lower than all that is at hand.
    if (row === undefined && cursor.next !== undefined) return undefined;
    if (row && (!lowest || compareBytes(row.key, lowest.key) < 0)) lowest = row;
  }
  if (!lowest) return undefined;
  for (const cursor of cursors) {
    const row = cursor.rows[cursor.at];
    if (row && (row === lowest || compareBytes(row.key, lowest.key) === 0)) cursor.at++;
  }
  return lowest;
}

/** Reads the next page of each token that has run out. Returns whether anything is left. */
async function fill(
  snapshot: KvSnapshot,
  cursors: readonly TokenCursor[],
  { until }: StagedSpan,
): Promise<boolean> {
  const empty = cursors.filter((cursor) => cursor.at >= cursor.rows.length && cursor.next);
  if (empty.length === 0) return false;
  const pages = await readPages(
    snapshot,
    empty.map(({ token, next }) => ({
      token,
      span: { ...(next ? { from: next } : {}), ...(until ? { until } : {}) },
    })),
  );
  for (const [index, cursor] of empty.entries()) {
    cursor.rows = pages[index] ?? [];
    cursor.at = 0;
    cursor.next = nextOf(cursor.rows);
  }
  return true;
}

const nextOf = (rows: readonly KvRow[]): Uint8Array | undefined => {
  const last = rows.at(-1);
  return rows.length === STAGED_ROWS_PER_READ && last ? justAfter(last.key) : undefined;
};
