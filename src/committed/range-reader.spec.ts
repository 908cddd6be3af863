import { describe, expect, it } from '@jest/globals';
import { corruptTable, partsOf } from '../../test/support/corrupt-tables.js';
import { goldenFile, goldenObject, goldenRecords } from '../../test/support/golden-records.js';
import { seed } from '../../test/support/seed.js';
import { SeededRandom } from '../../test/support/seeded-random.js';
import { MemoryBlockStore } from '../block-adapter/memory-block-store.js';
import type { ObjectPath, RangeId, StorageNamespace } from '../domain/model.js';
import type { CommittedObject } from '../ports/committed-store.js';
import { CorruptData } from '../ports/store-errors.js';
import { readMetaRange } from './metarange-reader.js';
import { decodeRange, encodeRangeData, type RangeRecord } from './range-codec.js';
import { keyOf, RangeReader } from './range-reader.js';
import { RangeWriter, type BuiltRange } from './range-writer.js';
import { sliceOf } from './slice.js';
import { BlockWriter } from './sstable/block-writer.js';
import { tableAddress, TableFiles } from './table-files.js';

const namespace = 'mem://ranges' as StorageNamespace;
const id = 'ab'.repeat(32) as RangeId;
const limits = { tableBytesMax: 1 << 20, blockBytesMax: 1 << 20, objectBytesMax: 1 << 20 };

class CountingBlockStore extends MemoryBlockStore {
  reads = 0;
  bytesRead = 0;

  override async get(...of: Parameters<MemoryBlockStore['get']>) {
    this.reads++;
    this.bytesRead += of[1] ? of[1].end - of[1].start + 1 : 0;
    return super.get(...of);
  }

  override async getBytes(...of: Parameters<MemoryBlockStore['getBytes']>) {
    this.reads++;
    return super.getBytes(...of);
  }
}

function rangeOf(count: number): BuiltRange {
  const built: BuiltRange[] = [];
  const writer = new RangeWriter(
    { rangeBytesMin: 0, rangeBytesMax: 1 << 30, raggednessEntries: 2 ** 31 },
    (range) => built.push(range),
  );
  for (const { key, value } of goldenRecords(count)) writer.add(sliceOf(key), sliceOf(value));
  writer.endRange();
  if (!built[0]) throw new Error('no range');
  return built[0];
}

async function opened(range: RangeRecord, file: Uint8Array, bounds = limits) {
  const blocks = new CountingBlockStore();
  await blocks.putIfAbsent(tableAddress(namespace, range.id), file);
  const reader = new RangeReader(new TableFiles(blocks), bounds);
  const get = (place: number) =>
    reader.get(namespace, range, keyOf(goldenObject(place).path as ObjectPath));
  return { blocks, reader, get };
}

describe(`reading a range (SEED=${seed})`, () => {
  it('works on files of others: raw blocks, one level or two, none of our properties', async () => {
    const random = new SeededRandom(seed);
    const parts = partsOf(rangeOf(400).file);
    const bare = new BlockWriter(1);
    const name = 'rocksdb.block.based.table.index.type';
    bare.add(sliceOf(Buffer.from(name)), new Uint8Array(), sliceOf(Buffer.alloc(4)));
    const properties = Buffer.from(bare.finish());
    const range = { ...rangeOf(400), id };
    for (let n = 0; n < 20; n++) {
      const file = corruptTable({ ...parts, properties }, new Set(), random);
      const { get, reader } = await opened(range, file);
      expect(await get(0)).toEqual(goldenObject(0).entry);
      expect(await get(399)).toEqual(goldenObject(399).entry);
      expect(await get(400)).toBeUndefined();
      const found: CommittedObject[] = [];
      const from = keyOf(goldenObject(200).path as ObjectPath);
      await reader.scan(namespace, range, { from, until: undefined, limit: 1000 }, found);
      expect(found).toHaveLength(200);
      expect(found[0]).toEqual({ path: goldenObject(200).path, entry: goldenObject(200).entry });
    }
  });

  it('reads a large file in parts, and none of them twice', async () => {
    const range = rangeOf(20_000);
    const { blocks, get, reader } = await opened(range, range.file);
    expect(await get(12_345)).toEqual(goldenObject(12_345).entry);
    expect(blocks.bytesRead).toBeLessThan(range.file.length / 4);
    const { reads } = blocks;
    expect(await get(12_345)).toEqual(goldenObject(12_345).entry);
    expect(blocks.reads).toBe(reads);
    expect(reader.counts.tables).toMatchObject({ hits: 1, misses: 1 });
    expect(reader.counts.blocks).toMatchObject({ hits: 1, misses: 1 });
  });

  it('reads a small file once, whole', async () => {
    const range = rangeOf(1000);
    const { blocks, get } = await opened(range, range.file);
    for (const place of [0, 500, 999]) expect(await get(place)).toEqual(goldenObject(place).entry);
    expect(blocks.reads).toBe(1);
  });

  it('reads at once for all who ask at once', async () => {
    const range = rangeOf(1000);
    const { blocks, get } = await opened(range, range.file);
    await Promise.all([get(0), get(500), get(999)]);
    expect(blocks.reads).toBe(1);
  });

  it('keeps no more than it may', async () => {
    const range = rangeOf(20_000);
    const bounds = { tableBytesMax: 1 << 20, blockBytesMax: 50_000, objectBytesMax: 50_000 };
    const { get, reader } = await opened(range, range.file, bounds);
    for (let place = 0; place < 20_000; place += 100) await get(place);
    expect(reader.counts.blocks.bytes).toBeLessThanOrEqual(50_000);
    expect(reader.counts.blocks.bytes).toBeGreaterThan(40_000);
    for (let place = 0; place < 20_000; place += 1000) {
      for (let n = 0; n < 20; n++) await get(place);
    }
    expect(reader.counts.objects.bytes).toBeLessThanOrEqual(50_000);
    expect(reader.counts.objects.bytes).toBeGreaterThan(20_000);
  });

  it('tells the same of a block however often it is read, whole or in part', async () => {
    const range = rangeOf(1000);
    const { get, reader } = await opened(range, range.file);
    const random = new SeededRandom(seed);
    const keyAt = (place: number) => keyOf(goldenObject(place).path as ObjectPath);
    for (let n = 0; n < 300; n++) {
      const [from, length] = [random.below(1000), random.below(60)];
      const until = random.below(2) === 0 ? undefined : keyAt(Math.min(999, from + length));
      const limit = 1 + random.below(60);
      const found: CommittedObject[] = [];
      await reader.scan(namespace, range, { from: keyAt(from), until, limit }, found);
      const end = Math.min(until ? Math.min(999, from + length) : 1000, from + limit);
      const places = Array.from({ length: Math.max(0, end - from) }, (_, index) => from + index);
      expect(found).toEqual(places.map(goldenObject).map(({ path, entry }) => ({ path, entry })));
      expect(await get(from)).toEqual(goldenObject(from).entry);
      expect(await get(1000 + from)).toBeUndefined();
    }
    expect(reader.counts.objects.hits).toBeGreaterThan(300);
  });

  it('decodes as a whole what is read again and again, and nothing else', async () => {
    const range = rangeOf(20_000);
    const { get, reader } = await opened(range, range.file);
    for (let place = 0; place < 20_000; place += 100) await get(place);
    expect(reader.counts.objects.bytes).toBe(0);
    for (let n = 0; n < 30; n++) await get(12_345);
    expect(reader.counts.objects.bytes).toBeGreaterThan(0);
    const { bytes } = reader.counts.objects;
    for (let n = 0; n < 30; n++) await get(12_345);
    expect(reader.counts.objects).toMatchObject({ bytes, misses: 1 });
  });

  it('names the file, and what is wrong with it', async () => {
    const range = rangeOf(1000);
    const file = Buffer.from(range.file);
    file[100] = (file[100] ?? 0) ^ 4;
    const { get } = await opened(range, file);
    await expect(get(0)).rejects.toThrow(CorruptData);
    await expect(get(0)).rejects.toThrow(
      `${namespace}/_lakefs/${range.id}: a block does not match its checksum`,
    );
    const cut = await opened(range, file.subarray(0, 5000));
    await expect(cut.get(0)).rejects.toThrow('the file does not end in the magic of a table');
  });
});

describe('what a metarange says of a range', () => {
  const range: RangeRecord = {
    id,
    minKey: Buffer.from('a'),
    maxKey: Buffer.from('b'),
    count: 3,
    estimatedBytes: 503,
  };
  const key = sliceOf(range.maxKey);
  const identity = sliceOf(Buffer.from(id));

  it('is encoded by its field numbers', () => {
    const data = Buffer.from(encodeRangeData(range)).toString('hex');
    expect(data).toBe('0a016112016218f7032003');
    const read = decodeRange(key, identity, sliceOf(encodeRangeData(range)));
    expect({ ...read, minKey: Buffer.from(read.minKey), maxKey: Buffer.from(read.maxKey) }).toEqual(
      range,
    );
  });

  it('begins with its last key when it names no first one, as old files do', () => {
    const { minKey } = decodeRange(key, identity, sliceOf(Buffer.from('1201622001', 'hex')));
    expect(Buffer.from(minKey).toString()).toBe('b');
  });

  it('is refused when the range is named by no id', () => {
    const data = sliceOf(encodeRangeData(range));
    expect(() => decodeRange(key, sliceOf(Buffer.from('../etc/passwd')), data)).toThrow(
      CorruptData,
    );
  });

  it('is what lakeFS wrote of three objects', async () => {
    const three = 'b11517aa1e218c9db85b6fb9cd94447dc200b0a701d73439e4b7e8fa8a4f7620';
    const ranges = await readMetaRange(goldenFile(three), three);
    expect(ranges.map(({ count, estimatedBytes }) => [count, estimatedBytes])).toEqual([[3, 503]]);
    await expect(readMetaRange(goldenFile(three), id)).rejects.toThrow('its content has the id');
  });
});
