import type { ObjectEntry, ObjectPath, StagingToken } from '../domain/model.js';
import type { StagedChange } from '../ports/committed-store.js';
import type { KvRead, KvRow, KvSnapshot } from '../ports/kv-store.js';
import { assert } from '../shared/assert.js';
import { fromUtf8, utf8 } from '../shared/bytes.js';
import { Interleaved, type PagedCursor } from '../shared/interleaved.js';
import { decodeValue } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';

/** Rows of one token read at once; bounds what is in memory and how long one read takes. */
export const STAGED_ROWS_PER_READ = 1000;

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

/** A token's rows in the order of their paths, a page at a time. */
export type TokenCursor = PagedCursor<KvRow> & { readonly token: StagingToken };

/** What several tokens say, in the order of paths; of a path in several, the newest word. */
export type StagedRows = Interleaved<KvRow, TokenCursor>;

/**
 * Begins to read tokens, and reads nothing yet.
 *
 * @param tokens  newest first
 * @param rowsPerRead  of the first reads; a walk that goes on reads more and more at once
 * @throws InvariantError  from its reads: a token was dropped while it was read
 */
export function stagedRows(
  snapshot: KvSnapshot,
  tokens: readonly StagingToken[],
  { from = FIRST, until }: StagedSpan,
  rowsPerRead = STAGED_ROWS_PER_READ,
): StagedRows {
  const cursors = tokens.map((token) => ({
    ...Interleaved.unread<KvRow>(from, rowsPerRead),
    token,
  }));
  return new Interleaved<KvRow, TokenCursor>(
    cursors,
    (empty) => readPages(snapshot, empty, until),
    STAGED_ROWS_PER_READ,
  );
}

/** Returns what a row says. */
export const changeOf = (row: KvRow): StagedChange => ({
  path: fromUtf8(row.key) as ObjectPath,
  entry: decodeValue<ObjectEntry | null>(row) ?? undefined,
});

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
  const rows = stagedRows(snapshot, tokens, span);
  let batch: StagedChange[] = [];
  for (;;) {
    const row = rows.take();
    if (row === undefined) {
      if (await rows.fill()) continue;
      break;
    }
    batch.push(changeOf(row));
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
export async function readPages(
  snapshot: KvSnapshot,
  cursors: readonly TokenCursor[],
  until: Uint8Array | undefined,
): Promise<readonly (readonly KvRow[])[]> {
  const found = await snapshot.read([
    ...cursors.map((cursor) => scanOfCursor(cursor, until)),
    ...cursors.map(({ token }) => ({
      kind: 'get' as const,
      partition: partitions.tokens,
      key: keys.token(token),
    })),
  ]);
  for (const [index, { token }] of cursors.entries()) {
    assert(found[cursors.length + index]?.length === 1, `${token} was dropped while it was read`);
  }
  return found.slice(0, cursors.length);
}

/** Returns the read of a cursor's next page. */
export const scanOfCursor = (
  { token, next, limit }: TokenCursor,
  until: Uint8Array | undefined,
): KvRead =>
  scanOfToken(token, { ...(next ? { from: next } : {}), ...(until ? { until } : {}) }, limit);

const FIRST = utf8('');
