import type { ObjectEntry, ObjectPath, StagingToken } from '../domain/model.js';
import type { PathRun } from '../domain/staging/path-run.js';
import type { ChangeBatch, StagedChange } from '../ports/committed-store.js';
import type { KvRead, KvRow, KvSnapshot } from '../ports/kv-store.js';
import { fromUtf8, justAfter, utf8 } from '../shared/bytes.js';
import { Interleaved, type PagedCursor } from '../shared/interleaved.js';
import { decodeValue } from './kv-codec.js';
import { keys, partitions, wordPartitions } from './kv-keys.js';
import { packedChanges } from './packed-changes.js';
import { readOfTokens, type StagedSpan } from './staging-reads.js';

/** Rows of one token read at once; bounds what is in memory and how long one read takes. */
export const STAGED_ROWS_PER_READ = 1000;
/** Changes that are read as rows; of what is more, a packed row costs a fraction. */
export const CHANGES_AS_ROWS_MAX = 200;

/** Returns the reads of a token's word on a path: of their rows, the first one is meant. */
export const wordAt = (token: StagingToken, key: Uint8Array): readonly KvRead[] => [
  { kind: 'get', partition: partitions.staging(token), key },
  { kind: 'get', partition: partitions.tombstones(token), key },
];

/** Reads of one word. */
export const READS_PER_WORD = 2;

/** Returns what a row says of a path: an entry, null (a tombstone), or undefined: nothing. */
export function stagedEntry(rows: readonly KvRow[] | undefined): ObjectEntry | null | undefined {
  const row = rows?.[0];
  return row && decodeValue<ObjectEntry | null>(row);
}

/** Rows of a token in the order of their paths, a page at a time. */
export type TokenCursor = PagedCursor<KvRow> & {
  readonly token: StagingToken;
  readonly partition: string;
};

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
  const cursors = tokens.flatMap((token) =>
    wordPartitions(token).map((partition) => ({
      ...Interleaved.unread<KvRow>(from, rowsPerRead),
      token,
      partition,
    })),
  );
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
 * Where that is much, most of it comes packed.
 *
 * @param tokens  newest first
 * @throws InvariantError  a token was dropped while it was read
 */
export async function* stagedChanges(
  snapshot: KvSnapshot,
  tokens: readonly StagingToken[],
  span: StagedSpan = {},
): AsyncGenerator<ChangeBatch> {
  const rows = stagedRows(snapshot, tokens, span, CHANGES_AS_ROWS_MAX);
  const batch: StagedChange[] = [];
  let last: KvRow | undefined;
  for (;;) {
    const row = rows.take();
    if (row === undefined) {
      if (await rows.fill()) continue;
      break;
    }
    batch.push(changeOf(row));
    last = row;
    if (batch.length === CHANGES_AS_ROWS_MAX) break;
  }
  if (batch.length === 0) return;
  yield batch;
  if (!last || batch.length < CHANGES_AS_ROWS_MAX) return;
  yield* packedChanges(snapshot, tokens, { ...span, from: justAfter(last.key) });
}

/**
 * Returns the next page of each cursor.
 *
 * @throws InvariantError  a token was dropped
 */
export const readPages = (
  snapshot: KvSnapshot,
  cursors: readonly TokenCursor[],
  until: Uint8Array | undefined,
): Promise<readonly (readonly KvRow[])[]> =>
  readOfTokens(
    snapshot,
    [...new Set(cursors.map(({ token }) => token))],
    cursors.map((cursor) => scanOfCursor(cursor, until)),
  );

/** Returns the read of a cursor's next page. */
export const scanOfCursor = (
  { partition, next, limit }: TokenCursor,
  until: Uint8Array | undefined,
): KvRead => ({
  kind: 'scan',
  partition,
  ...(next ? { from: next } : {}),
  ...(until ? { until } : {}),
  limit,
});

const FIRST = utf8('');

/** Returns the read of the run of deleted paths that begins last at or before a path. */
export const runAt = (token: StagingToken, path: Uint8Array): KvRead => ({
  kind: 'scan',
  partition: partitions.deletedRuns(token),
  from: keys.downwards(path),
  limit: 1,
});

/** Returns the read of the runs that begin behind a path, until another one. */
export const runsFrom = (
  token: StagingToken,
  { after, until }: { readonly after: Uint8Array; readonly until: Uint8Array },
  limit: number,
): KvRead => ({
  kind: 'scan',
  partition: partitions.deletedRuns(token),
  from: keys.downwards(until),
  until: keys.downwards(after),
  limit,
});

/** Returns the run of a row of {@link runAt}, which may end before the path asked for. */
export const runOf = (row: KvRow): PathRun => ({
  first: fromUtf8(keys.upwards(row.key)) as ObjectPath,
  last: decodeValue<ObjectPath>(row),
});
