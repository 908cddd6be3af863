import type { KvRow, KvSnapshot } from '../ports/kv-store.js';
import { justAfter } from '../shared/bytes.js';

export const ROWS_PER_SCAN = 1_000;

interface ScanOptions {
  readonly from?: Uint8Array;
  readonly until?: Uint8Array;
}

/** Yields the rows of a partition in byte order of keys, a page at a time. */
export async function* scanRows(
  kv: KvSnapshot,
  partition: string,
  options: ScanOptions = {},
): AsyncGenerator<KvRow> {
  for await (const page of scanPages(kv, partition, options)) yield* page;
}

/** Yields the pages of a partition; the last one may be empty. */
export async function* scanPages(
  kv: KvSnapshot,
  partition: string,
  { from, until, limit = ROWS_PER_SCAN }: ScanOptions & { readonly limit?: number } = {},
): AsyncGenerator<readonly KvRow[]> {
  let next = from;
  for (;;) {
    const [rows = []] = await kv.read([
      { kind: 'scan', partition, limit, ...(next && { from: next }), ...(until && { until }) },
    ]);
    yield rows;
    const last = rows.at(-1);
    if (rows.length < limit || !last) return;
    next = justAfter(last.key);
  }
}
