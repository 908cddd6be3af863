import type { KvRow, KvSnapshot } from '../ports/kv-store.js';
import { justAfter } from '../shared/bytes.js';

export const ROWS_PER_SCAN = 1_000;

/** Yields the rows of a partition in byte order of keys, a page at a time. */
export async function* scanRows(
  kv: KvSnapshot,
  partition: string,
  { from, until }: { readonly from?: Uint8Array; readonly until?: Uint8Array } = {},
): AsyncGenerator<KvRow> {
  let next = from;
  for (;;) {
    const [rows = []] = await kv.read([
      {
        kind: 'scan',
        partition,
        limit: ROWS_PER_SCAN,
        ...(next && { from: next }),
        ...(until && { until }),
      },
    ]);
    yield* rows;
    const last = rows.at(-1);
    if (rows.length < ROWS_PER_SCAN || !last) return;
    next = justAfter(last.key);
  }
}
