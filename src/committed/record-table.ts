// Metaranges of other records than objects, as dumps of refs are made of: a key, an identity and
// data each, with the caller's properties in every file and so in every id.
//
// Source: docs/formats/range.md, "Tables of other records".
import type { MetaRangeId, StorageNamespace } from '../domain/model.js';
import type { BlockStore } from '../ports/block-store.js';
import { DEFAULT_RANGE_PARAMETERS, type RangeParameters } from '../ports/committed-store.js';
import { CorruptData } from '../ports/store-errors.js';
import { assert } from '../shared/assert.js';
import { ByteWriter } from './byte-writer.js';
import { inFile, named } from './corrupt.js';
import { givenProperties, readMetaRange, type MetaRange } from './metarange-reader.js';
import { buildMetaRange } from './metarange-writer.js';
import { Outbox } from './outbox.js';
import type { RangeRecord } from './range-codec.js';
import { RangeWriter } from './range-writer.js';
import { copyOf, sliceOf } from './slice.js';
import { readLayout } from './sstable/table-layout.js';
import { TableCursor } from './table-cursor.js';
import { fileName, tableAddress, TableFiles } from './table-files.js';
import { nextTurn, TURN_RECORDS_MAX } from './turn.js';
import { emptyParts, readValue, writeValue } from './value-codec.js';

export interface TableRecord {
  /** At least one byte. */
  readonly key: Uint8Array;
  /** Part of the record's value; what it says is the caller's. */
  readonly identity: Uint8Array;
  readonly data: Uint8Array;
}

/** Stands in every file of the table. A `type` is set by the writer. */
export type TableProperties = Readonly<Record<string, string>>;

/** A step for each page: one for each record would cost more than its record. */
export type RecordPages = AsyncIterable<readonly TableRecord[]>;

/**
 * Writes a table of records; its files are durable when this returns. Equal records and
 * properties give equal ids.
 *
 * For a dump of refs the properties are `entity`, `schema_name` and `schema_definition`.
 *
 * @param records  strictly ascending by the bytes of their keys, in pages where they are many
 * @throws what `records` or the store throws; files that nobody names may be left
 * @throws InvariantError  the keys do not ascend, or one is empty
 */
export async function writeRecordTable(
  blocks: BlockStore,
  namespace: StorageNamespace,
  records: RecordPages | readonly TableRecord[],
  options: { readonly properties: TableProperties; readonly parameters?: RangeParameters },
): Promise<MetaRangeId> {
  const given = Object.entries(options.properties);
  assert(!('type' in options.properties), 'the type of a table is its writer’s to say');
  const ranges: RangeRecord[] = [];
  const outbox = new Outbox(async ({ id, file }) => {
    await blocks.putIfAbsent(tableAddress(namespace, id), file);
  });
  const { parameters = DEFAULT_RANGE_PARAMETERS } = options;
  const writer = new RangeWriter(
    parameters,
    (range) => {
      const { id, minKey, maxKey, count, estimatedBytes } = range;
      ranges.push({ id, minKey, maxKey, count, estimatedBytes });
      outbox.take(range, true);
    },
    given,
  );
  const adding = new Adding(writer, outbox);
  try {
    if (Symbol.asyncIterator in records) {
      for await (const page of records) await adding.add(page);
    } else await adding.add(records);
    writer.endRange();
    checkOrder(ranges);
    const { id, file } = await buildMetaRange(ranges, given);
    // Side by side: until this returns, nobody names either of them.
    await Promise.all([outbox.finish(true), blocks.putIfAbsent(tableAddress(namespace, id), file)]);
    return id;
  } catch (error) {
    await outbox.drop();
    throw error;
  }
}

class Adding {
  readonly #value = new ByteWriter(1024);
  #untilTurn = TURN_RECORDS_MAX;

  constructor(
    private readonly writer: RangeWriter,
    private readonly outbox: Outbox,
  ) {}

  async add(records: readonly TableRecord[]): Promise<void> {
    const value = this.#value;
    for (const { key, identity, data } of records) {
      assert(key.length > 0, 'a record of a table has a key');
      value.reset();
      writeValue(value, identity, sliceOf(data));
      this.writer.add(sliceOf(key), sliceOf(value.view()));
      if (--this.#untilTurn > 0) continue;
      this.#untilTurn = TURN_RECORDS_MAX;
      await this.outbox.room();
      await nextTurn();
    }
  }
}

// Within a range its writer looks at the order.
function checkOrder(ranges: readonly RangeRecord[]): void {
  for (const [at, { maxKey }] of ranges.entries()) {
    const next = ranges[at + 1];
    const isBefore = !next || Buffer.compare(maxKey, next.minKey) < 0;
    assert(isBefore, 'records of a table come in ascending order');
  }
}

/**
 * Yields the records of a table that this program or lakeFS wrote, in byte order of their keys;
 * they are the caller's to keep. Reads a range at a time.
 *
 * @throws CorruptData  a file is not what it says it is
 * @throws BlockNotFound  a file is gone
 */
export async function* readRecordTable(
  blocks: BlockStore,
  namespace: StorageNamespace,
  id: MetaRangeId,
): AsyncGenerator<TableRecord, void, undefined> {
  const files = new TableFiles(blocks);
  const parts = emptyParts();
  for (const range of (await readTable(files, namespace, id)).ranges) {
    const address = tableAddress(namespace, range.id);
    const file = await files.whole(address);
    const name = fileName(address);
    const { minKey, maxKey } = range;
    const cursor = new TableCursor({ name, file, minKey, maxKey });
    for (let count = 1; !cursor.isAtEnd; count++) {
      yield inFile(name, () => {
        const { identity, data } = readValue(cursor.value, parts);
        const record = { key: copyOf(cursor.key), identity: copyOf(identity), data: copyOf(data) };
        cursor.next();
        return record;
      });
      if (count % TURN_RECORDS_MAX === 0) await nextTurn();
    }
  }
}

/**
 * Returns what the writer of a table said of it, `entity` for one; without `type`.
 *
 * @throws CorruptData, or BlockNotFound
 */
export async function readRecordTableProperties(
  blocks: BlockStore,
  namespace: StorageNamespace,
  id: MetaRangeId,
): Promise<TableProperties> {
  return (await readTable(new TableFiles(blocks), namespace, id)).properties;
}

async function readTable(
  files: TableFiles,
  namespace: StorageNamespace,
  id: MetaRangeId,
): Promise<{ readonly ranges: MetaRange; readonly properties: TableProperties }> {
  const address = tableAddress(namespace, id);
  const file = await files.whole(address);
  try {
    const ranges = await readMetaRange(file, id);
    const given = givenProperties(readLayout({ fileBytes: file.length, bytes: file }));
    const { type, ...properties } = Object.fromEntries(given);
    if (type !== 'metaranges') throw new CorruptData(`a metarange has the type ${type}`);
    return { ranges, properties };
  } catch (error) {
    throw named(fileName(address), error);
  }
}
