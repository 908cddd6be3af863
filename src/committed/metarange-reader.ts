import { createHash } from 'node:crypto';
import type { MetaRangeId, StorageNamespace } from '../domain/model.js';
import { CorruptData } from '../ports/store-errors.js';
import { compareBytes } from '../shared/bytes.js';
import { ContentHash } from '../shared/content-hash.js';
import { lowerBound } from '../shared/lower-bound.js';
import { ByteCache, SharedLoads, type CacheCounts } from './byte-cache.js';
import { named } from './corrupt.js';
import { decodeRange, type RangeRecord } from './range-codec.js';
import { compareSlices, sliceOf, type Slice } from './slice.js';
import { BlockCursor } from './sstable/block-cursor.js';
import { LATE_PROPERTIES } from './sstable/properties.js';
import { RecordHash } from './sstable/record-hash.js';
import { openStoredBlock } from './sstable/stored-block.js';
import { readLayout, storedIn, type TableLayout } from './sstable/table-layout.js';
import { fileName, tableAddress, TableFiles } from './table-files.js';
import { nextTurn, TURN_RECORDS_MAX } from './turn.js';
import { emptyParts, readValue } from './value-codec.js';

/** A tree's ranges, ascending, not overlapping. */
export type MetaRange = readonly RangeRecord[];

const RANGE_BYTES_OVERHEAD = 400;

/** Reads metaranges, whole, and keeps them within a bound. */
export class MetaRangeReader {
  readonly #kept: ByteCache<string, MetaRange>;
  readonly #loads = new SharedLoads<MetaRange>();

  constructor(
    private readonly files: TableFiles,
    limits: { readonly metaRangeBytesMax: number },
  ) {
    this.#kept = new ByteCache(limits.metaRangeBytesMax, (ranges) =>
      ranges.reduce((sum, { minKey, maxKey }) => {
        return sum + minKey.length + maxKey.length + RANGE_BYTES_OVERHEAD;
      }, RANGE_BYTES_OVERHEAD),
    );
  }

  get counts(): CacheCounts {
    return this.#kept.counts;
  }

  /** Returns a metarange that is at hand. */
  kept(namespace: StorageNamespace, id: MetaRangeId): MetaRange | undefined {
    return this.#kept.get(`${namespace}/_lakefs/${id}`);
  }

  /** @throws CorruptData, or BlockNotFound */
  load(namespace: StorageNamespace, id: MetaRangeId): Promise<MetaRange> {
    const address = tableAddress(namespace, id);
    const name = fileName(address);
    return this.#loads.load(name, async () => {
      const file = await this.files.whole(address);
      try {
        const ranges = await readMetaRange(file, id);
        this.#kept.set(name, ranges);
        return ranges;
      } catch (error) {
        throw named(name, error);
      }
    });
  }

  /** Keeps a metarange that was just written. */
  remember(namespace: StorageNamespace, id: MetaRangeId, ranges: MetaRange): void {
    this.#kept.set(`${namespace}/_lakefs/${id}`, ranges);
  }
}

/**
 * Returns the ranges of a metarange file.
 *
 * @throws CorruptData  it is none, its ranges overlap, or its content has another id
 */
export async function readMetaRange(file: Uint8Array, id: string): Promise<MetaRange> {
  const tail = { fileBytes: file.length, bytes: file };
  const layout = readLayout(tail);
  const cursor = new BlockCursor('record');
  const hash = new RecordHash(createHash('sha256'));
  const parts = emptyParts();
  const ranges: RangeRecord[] = [];
  let turnAt = TURN_RECORDS_MAX;
  for (let block = 0; block < layout.index.blockCount; block++) {
    cursor.open(openStoredBlock(storedIn(tail, layout.index.handle(block))));
    while (cursor.next()) {
      hash.add(cursor.key, cursor.value);
      const { identity, data } = readValue(cursor.value, parts);
      ranges.push(checkedRange(decodeRange(cursor.key, identity, data), ranges.at(-1)));
    }
    if (ranges.length < turnAt) continue;
    await nextTurn();
    turnAt = ranges.length + TURN_RECORDS_MAX;
  }
  const found = hash.finish(new ContentHash().textMap(givenProperties(layout)).encoded());
  if (found !== id) throw new CorruptData(`its content has the id ${found}`);
  return ranges;
}

function checkedRange(range: RangeRecord, before: RangeRecord | undefined): RangeRecord {
  const isAfter = !before || compareBytes(before.maxKey, range.minKey) < 0;
  if (isAfter && compareBytes(range.minKey, range.maxKey) <= 0) return range;
  throw new CorruptData(`range ${range.id} overlaps the one before it, or ends before it begins`);
}

/** Returns the properties that were there when the table's id was made. */
export function givenProperties({ properties }: TableLayout): [key: string, value: string][] {
  return [...properties]
    .filter(([key]) => !key.startsWith('rocksdb.') && !LATE_PROPERTIES.has(key))
    .map(([key, value]) => [key, Buffer.from(value).toString()]);
}

/** Returns the place of the first range that ends at `key` or after it. */
export function findRange(ranges: MetaRange, key: Slice): number {
  return lowerBound({ to: ranges.length }, (place) => {
    const range = ranges[place];
    return range !== undefined && compareSlices(sliceOf(range.maxKey), key) < 0;
  });
}
