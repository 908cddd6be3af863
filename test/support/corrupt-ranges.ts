// Feeds corrupt range and metarange files to every reader.
import { MemoryBlockStore } from '../../src/block-adapter/memory-block-store.js';
import { ChangeBatchWriter } from '../../src/committed/change-batch.js';
import { named } from '../../src/committed/corrupt.js';
import { decodeEntry } from '../../src/committed/entry-codec.js';
import { mergeInline } from '../../src/committed/merge-writer.js';
import { readMetaRange } from '../../src/committed/metarange-reader.js';
import { buildMetaRange } from '../../src/committed/metarange-writer.js';
import type { RangeRecord } from '../../src/committed/range-codec.js';
import { RangeReader } from '../../src/committed/range-reader.js';
import { RangeRewriter } from '../../src/committed/range-rewriter.js';
import { RangeWriter } from '../../src/committed/range-writer.js';
import { readRecordTable } from '../../src/committed/record-table.js';
import { sliceOf } from '../../src/committed/slice.js';
import { TableCursor } from '../../src/committed/table-cursor.js';
import { tableAddress, TableFiles } from '../../src/committed/table-files.js';
import { diffTrees } from '../../src/committed/tree-diff.js';
import { emptyParts, readValue } from '../../src/committed/value-codec.js';
import type { ObjectPath, RangeId, StorageNamespace } from '../../src/domain/model.js';
import { DEFAULT_RANGE_PARAMETERS } from '../../src/ports/committed-store.js';
import { CorruptData } from '../../src/ports/store-errors.js';
import { corruptTable, partsOf, somePlaces } from './corrupt-tables.js';
import { golden, goldenFile, goldenObject, goldenRecords } from './golden-records.js';
import { SeededRandom } from './seeded-random.js';

export interface CorruptRangesReport {
  readonly inputs: number;
  /** Readings that ended in `CorruptData`, by what it said, numbers left out. */
  readonly refusals: ReadonlyMap<string, number>;
  /** Readings to the end: what was wrong did not matter, or made another valid file. */
  readonly accepted: number;
  /** CPU time of the slowest input, all readers together. */
  readonly cpuMsMax: number;
  readonly wallMsMax: number;
  /** Of the input that left most in memory. */
  readonly memoryBytesMax: number;
  /** How much the process's peak grew over the whole run. */
  readonly peakGrowthBytes: number;
  /** Anything but `CorruptData`, with the number of the input; these must be none. */
  readonly failures: readonly string[];
}

const namespace = 'mem://corrupt' as StorageNamespace;
const id = 'c0'.repeat(32) as RangeId;
const least = new Uint8Array();
const most = Buffer.alloc(40, 0xff);
const FAILURES_MAX = 20;

/** Returns valid files to begin with, of one block and of many. */
function corpus(): Uint8Array[] {
  const files = golden.metaranges
    .filter(({ name }) => ['three', '100', 'one_with_md', '10000_ragged1000'].includes(name))
    .flatMap(({ name, id: metaRange, ranges }) => {
      const isKept = name !== '10000_ragged1000';
      return [metaRange, ...(isKept ? (ranges ?? []).map((range) => range.id) : [])];
    })
    .map(goldenFile);
  const writer = new RangeWriter(DEFAULT_RANGE_PARAMETERS, ({ file }) => files.push(file));
  for (const { key, value } of goldenRecords(500)) writer.add(sliceOf(key), sliceOf(value));
  writer.endRange();
  return files;
}

/** Reads `count` corrupt files; the same ones for the same seed. */
export async function corruptRanges(count: number, seed: number): Promise<CorruptRangesReport> {
  const random = new SeededRandom(seed);
  const tables = corpus().map(partsOf);
  const failures: string[] = [];
  const worst = { cpuMs: 0, wallMs: 0, memory: 0 };
  const refusals = new Map<string, number>();
  let accepted = 0;
  // Once without measuring: what is compiled and loaded then is not an input's.
  await readAll(corruptTable(random.pick(tables), new Set(), random), true);
  const peakBefore = process.resourceUsage().maxRSS;
  for (let input = 0; input < count; input++) {
    const file = corruptTable(random.pick(tables), somePlaces(random), random);
    const isWide = input % WIDE_EVERY === 0;
    const { errors, ...cost } = await leastCostOf(() => readAll(file, isWide));
    worst.wallMs = Math.max(worst.wallMs, cost.wallMs);
    worst.cpuMs = Math.max(worst.cpuMs, cost.cpuMs);
    worst.memory = Math.max(worst.memory, cost.memory);
    accepted += READERS + (isWide ? WIDE_READERS : 0) - errors.length;
    for (const error of errors) {
      const reason = reasonOf(error);
      refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
      const isFine = error instanceof CorruptData && error.message.includes('_lakefs/');
      if (!isFine && failures.length < FAILURES_MAX)
        failures.push(`input ${input}: ${show(error)}`);
    }
  }
  return {
    inputs: count,
    refusals,
    accepted,
    cpuMsMax: worst.cpuMs,
    wallMsMax: worst.wallMs,
    memoryBytesMax: worst.memory,
    peakGrowthBytes: (process.resourceUsage().maxRSS - peakBefore) * 1024,
    failures,
  };
}

/** An input that seems to cost more is read again: what it costs twice is its own. */
const CPU_MS_SEEN_AGAIN = 20;
const READINGS_MAX = 4;

interface Reading {
  readonly errors: readonly unknown[];
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly memory: number;
}

/** Measures a reading; a collection of everybody's garbage that fell into it does not count. */
async function leastCostOf(read: () => Promise<readonly unknown[]>): Promise<Reading> {
  let cheapest = await measured(read);
  for (let again = 1; again < READINGS_MAX && cheapest.cpuMs > CPU_MS_SEEN_AGAIN; again++) {
    const next = await measured(read);
    if (next.cpuMs < cheapest.cpuMs) cheapest = next;
  }
  return cheapest;
}

async function measured(read: () => Promise<readonly unknown[]>): Promise<Reading> {
  const before = { ...process.threadCpuUsage(), memory: inMemory(), at: performance.now() };
  const errors = await read();
  const after = process.threadCpuUsage();
  return {
    errors,
    cpuMs: (after.user + after.system - before.user - before.system) / 1000,
    wallMs: performance.now() - before.at,
    memory: inMemory() - before.memory,
  };
}

const inMemory = () => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

// A file's name, then what is wrong with it.
const reasonOf = (error: unknown) =>
  String(error instanceof Error ? error.message : error)
    .replace(`${name}: `, '')
    .replaceAll(/[0-9a-f]{64}|\d+/g, '#');

const show = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : error);

const READERS = 5;
/** Those that cost more, since they write as well or read other files too. */
const WIDE_READERS = 3;
const WIDE_EVERY = 10;

/** Returns what the readers threw. */
async function readAll(file: Uint8Array, isWide: boolean): Promise<unknown[]> {
  const blocks = new MemoryBlockStore();
  const address = tableAddress(namespace, id);
  await blocks.putIfAbsent(address, file);
  const errors: unknown[] = [];
  for (const read of [
    byCursor,
    byRewriter,
    byReader(blocks, 1 << 20),
    byReader(blocks, 0),
    asMetaRange,
    ...(isWide ? [byMerge, byDiff(blocks), byTable(blocks)] : []),
  ]) {
    try {
      await read(file);
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}

const bounds = { minKey: least, maxKey: most };
const name = `${namespace}/_lakefs/${id}`;

async function byCursor(file: Uint8Array): Promise<void> {
  await naming(() => {
    const parts = emptyParts();
    const cursor = new TableCursor({ name, file, ...bounds });
    for (; !cursor.isAtEnd; cursor.next()) decodeEntry(readValue(cursor.value, parts).data);
  });
}

const changes = new ChangeBatchWriter();
for (const place of [1, 250, 251, 900]) {
  const { path, entry } = goldenObject(place);
  changes.begin({ path: path as ObjectPath, entry });
  changes.add({ path: path as ObjectPath, entry: place === 251 ? undefined : entry });
}
const batch = changes.take();

async function byRewriter(file: Uint8Array): Promise<void> {
  const rewriter = new RangeRewriter(DEFAULT_RANGE_PARAMETERS, () => {});
  rewriter.openBase({ name, file, ...bounds });
  rewriter.change(batch);
  rewriter.closeBase();
  rewriter.end();
}

/** Reads as small files are read, whole; or with 0 as large ones are, part by part. */
const byReader = (blocks: MemoryBlockStore, wholeBytesMax: number) => async (): Promise<void> => {
  const limits = { tableBytesMax: 1 << 22, blockBytesMax: 1 << 22, objectBytesMax: 1 << 22 };
  const reader = new RangeReader(new TableFiles(blocks, { tailBytes: 400, wholeBytesMax }), limits);
  const range: RangeRecord = { id, ...bounds, count: 1, estimatedBytes: 0 };
  for (const place of [0, 2, 50, 499]) {
    await reader.get(namespace, range, sliceOf(Buffer.from(goldenObject(place).path)));
  }
  const all = { from: sliceOf(least), until: undefined, limit: 10_000 };
  await reader.scan(namespace, range, all, []);
};

const sound: { id: RangeId; file: Uint8Array } = { id: 'a5'.repeat(32) as RangeId, file: least };
const soundWriter = new RangeWriter(DEFAULT_RANGE_PARAMETERS, ({ file }) => (sound.file = file));
for (const { key, value } of goldenRecords(60)) soundWriter.add(sliceOf(key), sliceOf(value));
soundWriter.endRange();

/** Merges the file, as the destination and as the base of it, with another one. */
async function byMerge(file: Uint8Array): Promise<void> {
  const range = (of: string): RangeRecord => {
    return { id: of as RangeId, ...bounds, count: 1, estimatedBytes: 0 };
  };
  const trees = { base: [range('b')], source: [range(sound.id)], destination: [range('d')] };
  await mergeInline({
    input: { ...trees, replaced: [], strategy: 'source-wins' },
    parameters: DEFAULT_RANGE_PARAMETERS,
    fileOf: async (wanted) => {
      return { name, file: wanted.id === sound.id ? sound.file : file, ...bounds };
    },
    take: () => {},
  });
}

/** Compares the file, read part by part, with another one. */
const byDiff = (blocks: MemoryBlockStore) => async (): Promise<void> => {
  const limits = { tableBytesMax: 1 << 22, blockBytesMax: 1 << 22, objectBytesMax: 1 << 22 };
  const files = new TableFiles(blocks, { tailBytes: 400, wholeBytesMax: 0 });
  await blocks.putIfAbsent(tableAddress(namespace, sound.id), sound.file);
  const range: RangeRecord = { id, ...bounds, count: 1, estimatedBytes: 0 };
  const input = {
    left: [{ ...range, id: sound.id }],
    right: [range],
    files: new RangeReader(files, limits).walked(namespace),
    compare: undefined,
  };
  await diffTrees(input, { from: least, limit: 10_000 });
};

/** Reads the file as one of a table of other records. */
const byTable = (blocks: MemoryBlockStore) => async (): Promise<void> => {
  const range: RangeRecord = {
    id,
    ...bounds,
    minKey: Buffer.alloc(1),
    count: 1,
    estimatedBytes: 0,
  };
  const table = await buildMetaRange([range]);
  await blocks.putIfAbsent(tableAddress(namespace, table.id), table.file);
  for await (const record of readRecordTable(blocks, namespace, table.id)) void record;
};

async function asMetaRange(file: Uint8Array): Promise<void> {
  await naming(async () => {
    try {
      await readMetaRange(file, id);
    } catch (error) {
      // Any of them has another id than the one that was asked for; all else was read by then.
      const isRead = error instanceof CorruptData && error.message.startsWith('its content has');
      if (!isRead) throw error;
    }
  });
}

// These readers are below the one that names the file.
async function naming(read: () => void | Promise<void>): Promise<void> {
  try {
    await read();
  } catch (error) {
    throw named(name, error);
  }
}
