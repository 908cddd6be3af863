// Range and metarange files that are wrong in one or two places, and right everywhere else: the
// checksums are made anew, so that what is wrong gets past them.
import { ByteWriter } from '../../src/committed/byte-writer.js';
import { copyOf, sliceOf } from '../../src/committed/slice.js';
import { BlockCursor } from '../../src/committed/sstable/block-cursor.js';
import { BlockWriter } from '../../src/committed/sstable/block-writer.js';
import { crc32c, maskedCrc } from '../../src/committed/sstable/checksum.js';
import { FOOTER_BYTES, readFooter, writeFooter } from '../../src/committed/sstable/footer.js';
import { compress } from '../../src/committed/sstable/snappy.js';
import { openStoredBlock, type BlockHandle } from '../../src/committed/sstable/stored-block.js';
import { readLayout, storedIn } from '../../src/committed/sstable/table-layout.js';
import { ByteReader } from '../../src/committed/byte-reader.js';
import { mangled, mangledHandle, mangledSnappy } from './mangled.js';
import type { SeededRandom } from './seeded-random.js';

/** A table taken apart. */
export interface TableParts {
  readonly data: readonly { readonly payload: Buffer; readonly indexKey: Buffer }[];
  readonly properties: Buffer;
}

export function partsOf(file: Uint8Array): TableParts {
  const tail = { fileBytes: file.length, bytes: file };
  const { index } = readLayout(tail);
  const data = Array.from({ length: index.blockCount }, (_, block) => {
    const separator = index.separator(block, sliceOf(file));
    const indexKey = Buffer.concat([copyOf(separator), Buffer.from('11ffffffffffffff', 'hex')]);
    return { payload: openStoredBlock(storedIn(tail, index.handle(block))), indexKey };
  });
  const footer = readFooter(file.subarray(file.length - FOOTER_BYTES), file.length);
  const meta = new BlockCursor('none').open(openStoredBlock(storedIn(tail, footer.metaIndex)));
  meta.next();
  const { bytes, start, end } = meta.value;
  const reader = new ByteReader().set(bytes, start, end);
  const handle = { offset: reader.uvarint(), length: reader.uvarint() };
  return { data, properties: openStoredBlock(storedIn(tail, handle)) };
}

/** Where a table can be made wrong. */
export const PLACES = [
  'data',
  'compressed',
  'type',
  'crc',
  'handle',
  'key',
  'index',
  'top',
  'properties',
  'index type',
  'metaindex',
  'footer',
  'bits',
  'cut',
  'longer',
] as const;
type Place = (typeof PLACES)[number];

/** Returns a table put together again, wrong in the places that are named. */
export function corruptTable(
  parts: TableParts,
  places: ReadonlySet<Place>,
  random: SeededRandom,
): Uint8Array {
  const file = new ByteWriter(64 * 1024);
  const wrong = (place: Place) => places.has(place);
  const victim = random.below(Math.max(1, parts.data.length));
  const handles = parts.data.map(({ payload }, at) => {
    const isVictim = at === victim;
    const bytes = isVictim && wrong('data') ? mangled(payload, random) : payload;
    return store(file, bytes, isVictim ? places : none, random);
  });
  const isTwoLevel = wrong('top') || random.below(3) === 0;
  const properties = wrong('properties') ? mangled(parts.properties, random) : parts.properties;
  const index = storeIndex(file, { parts, handles, victim, isTwoLevel }, places, random);
  const typed = withIndexType(
    properties,
    wrong('index type') ? random.below(5) : isTwoLevel ? 2 : 0,
  );
  const metaIndex = new BlockWriter(1);
  const propertiesAt = encoded(store(file, typed, none, random));
  metaIndex.add(sliceOf(Buffer.from('rocksdb.properties')), Buffer.alloc(0), sliceOf(propertiesAt));
  const metaBytes = wrong('metaindex') ? mangled(metaIndex.finish(), random) : metaIndex.finish();
  const metaAt = store(file, metaBytes, none, random);
  const footerAt = file.length;
  writeFooter(file, { metaIndex: metaAt, index });
  const bytes = Buffer.from(file.toBytes());
  if (wrong('footer')) flip(bytes, random, footerAt);
  return inTheEnd(bytes, places, random);
}

const none: ReadonlySet<Place> = new Set();

function store(
  file: ByteWriter,
  payload: Uint8Array,
  places: ReadonlySet<Place>,
  random: SeededRandom,
): BlockHandle {
  const isSnappy = places.has('compressed') || random.below(2) === 0;
  const plain = isSnappy ? compress(payload) : payload;
  const bytes = places.has('compressed') ? mangledSnappy(plain, random) : plain;
  const offset = file.length;
  file.bytes(bytes);
  file.byte(places.has('type') ? random.below(256) : Number(isSnappy));
  const crc = maskedCrc(crc32c(file.buffer, offset, file.length));
  file.u32(places.has('crc') ? (crc ^ (1 << random.below(32))) >>> 0 : crc);
  return { offset, length: bytes.length };
}

interface IndexParts {
  readonly parts: TableParts;
  readonly handles: readonly BlockHandle[];
  readonly victim: number;
  readonly isTwoLevel: boolean;
}

function storeIndex(
  file: ByteWriter,
  { parts, handles, victim, isTwoLevel }: IndexParts,
  places: ReadonlySet<Place>,
  random: SeededRandom,
): BlockHandle {
  const entries = parts.data.map(({ indexKey }, at) => {
    const handle = handles[at] ?? { offset: 0, length: 0 };
    const isVictim = at === victim;
    const key = isVictim && places.has('key') ? Buffer.from(mangled(indexKey, random)) : indexKey;
    const isWrong = isVictim && places.has('handle');
    const others = { handles, fileBytes: file.length };
    return { key, value: encoded(isWrong ? mangledHandle(handle, others, random) : handle) };
  });
  const size = isTwoLevel ? 1 + random.below(5) : Math.max(1, entries.length);
  const partitions = [];
  for (let at = 0; at < Math.max(1, entries.length); at += size) {
    const payload = indexBlock(entries.slice(at, at + size));
    const bytes = places.has('index') ? mangled(payload, random) : payload;
    const handle = store(file, bytes, none, random);
    partitions.push({ key: entries.slice(at, at + size).at(-1)?.key ?? Buffer.alloc(8), handle });
  }
  if (!isTwoLevel) return partitions[0]?.handle ?? { offset: 0, length: 0 };
  const top = indexBlock(
    partitions.map(({ key, handle }) => {
      const isWrong = places.has('top') && random.below(2) === 0;
      const others = { handles, fileBytes: file.length };
      return { key, value: encoded(isWrong ? mangledHandle(handle, others, random) : handle) };
    }),
  );
  return store(file, places.has('top') ? mangled(top, random) : top, none, random);
}

function indexBlock(entries: readonly { key: Buffer; value: Uint8Array }[]): Uint8Array {
  const block = new BlockWriter(1);
  for (const { key, value } of entries) {
    // A key that was cut below its trailer is none that could be written.
    const whole = key.length < 8 ? Buffer.concat([key, Buffer.alloc(8)]) : key;
    const end = whole.length - 8;
    block.add({ bytes: whole, start: 0, end }, whole.subarray(end), sliceOf(value));
  }
  return new Uint8Array(block.finish());
}

function withIndexType(properties: Uint8Array, type: number): Uint8Array {
  const bytes = Buffer.from(properties);
  // Its value is the u32 right after the property's name, which nothing else contains.
  const name = 'block.based.table.index.type';
  const at = bytes.indexOf(name);
  if (at >= 0 && at + name.length < bytes.length) bytes[at + name.length] = type;
  return bytes;
}

function encoded(handle: BlockHandle): Uint8Array {
  const out = new ByteWriter(20);
  out.uvarint(handle.offset);
  out.uvarint(handle.length);
  return out.toBytes();
}

function flip(bytes: Buffer, random: SeededRandom, from: number): void {
  for (let flips = 1 + random.below(4); flips > 0; flips--) {
    const at = from + random.below(bytes.length - from);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  }
}

function inTheEnd(bytes: Buffer, places: ReadonlySet<Place>, random: SeededRandom): Buffer {
  if (places.has('bits')) flip(bytes, random, 0);
  if (places.has('cut')) return bytes.subarray(0, random.below(bytes.length));
  if (places.has('longer'))
    return Buffer.concat([bytes, bytes.subarray(random.below(bytes.length))]);
  return bytes;
}

/** Returns one place, or two. */
export function somePlaces(random: SeededRandom): ReadonlySet<Place> {
  const places = [random.pick(PLACES)];
  if (random.below(4) === 0) places.push(random.pick(PLACES));
  return new Set(places);
}
