import type { KvRow, KvSnapshot } from '../ports/kv-store.js';
import { afterPrefix, compareBytes, fromUtf8, justAfter, utf8 } from '../shared/bytes.js';
import type { Page, PageRequest } from '../shared/page.js';

/** Rows read at once where a filter may leave most of them out. */
const FILTERED_ROWS_PER_READ = 1000;

export interface PageOf<Item> {
  readonly partition: string;
  /** Only keys that begin with it; "" for all. */
  readonly prefix: string;
  /** Undefined leaves a row out. */
  item(row: KvRow): Item | undefined;
  /** Whether `item` may leave rows out: more are read at once then. */
  readonly isFiltered: boolean;
}

/** Returns a page of a partition, in byte order of its keys, by keyset. */
export async function scanPage<Item>(
  snapshot: KvSnapshot,
  { after, amount }: PageRequest,
  { partition, prefix, item, isFiltered }: PageOf<Item>,
): Promise<Page<Item>> {
  const first = utf8(prefix);
  const until = afterPrefix(first);
  const next = after === '' ? first : justAfter(utf8(after));
  let from = compareBytes(next, first) > 0 ? next : first;
  const items: Item[] = [];
  let nextOffset = '';
  const limit = isFiltered ? FILTERED_ROWS_PER_READ : amount + 1;
  for (;;) {
    const [rows = []] = await snapshot.read([
      { kind: 'scan', partition, from, limit, ...(until ? { until } : {}) },
    ]);
    for (const row of rows) {
      const made = item(row);
      if (made === undefined) continue;
      if (items.length === amount) return { items, hasMore: true, nextOffset };
      items.push(made);
      nextOffset = fromUtf8(row.key);
    }
    const last = rows.at(-1);
    if (rows.length < limit || !last) return { items, hasMore: false, nextOffset: '' };
    from = justAfter(last.key);
  }
}
