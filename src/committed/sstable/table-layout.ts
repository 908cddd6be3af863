import { CorruptData } from '../../ports/store-errors.js';
import { ByteReader } from '../byte-reader.js';
import { copyOf } from '../slice.js';
import { BlockCursor } from './block-cursor.js';
import { BlockIndexReader, partitionsOf, type BlockIndex } from './block-index.js';
import { FOOTER_BYTES, readFooter, type Footer } from './footer.js';
import { PROPERTIES_KEY } from './properties.js';
import {
  BLOCK_TRAILER_BYTES,
  openStoredBlock,
  readHandle,
  type BlockHandle,
} from './stored-block.js';

/** Where everything is in a table, and what it says of itself. */
export interface TableLayout {
  readonly fileBytes: number;
  readonly index: BlockIndex;
  /** Names are ASCII in every table that was ever written. */
  readonly properties: ReadonlyMap<string, Uint8Array>;
}

/** The last part of a file, or all of it. */
export interface FileTail {
  readonly fileBytes: number;
  /** From `fileBytes - bytes.length` to the end. */
  readonly bytes: Uint8Array;
}

/** The tail does not reach back far enough: read it again from `fromOffset`. */
export class TailTooShort extends Error {
  override readonly name = 'TailTooShort';

  constructor(readonly fromOffset: number) {
    super(`bytes from ${fromOffset} on are needed`);
  }
}

const PROPERTIES_MAX = 10_000;
const TWO_LEVELS = 2;

/**
 * Reads everything of a table but its data blocks.
 *
 * @throws TailTooShort  never of a whole file
 * @throws CorruptData  it is no table
 */
export function readLayout(tail: FileTail): TableLayout {
  const { fileBytes, bytes } = tail;
  const footer = readFooter(bytes.subarray(Math.max(0, bytes.length - FOOTER_BYTES)), fileBytes);
  const properties = readProperties(tail, footer);
  const top = openStoredBlock(storedIn(tail, footer.index));
  const reader = new BlockIndexReader(fileBytes - FOOTER_BYTES);
  if (indexType(properties) === TWO_LEVELS) {
    const partitions = partitionsOf(top, fileBytes - FOOTER_BYTES);
    // The first lies farthest back: one more read gets them all.
    for (const handle of partitions) reader.add(openStoredBlock(storedIn(tail, handle)));
  } else {
    reader.add(top);
  }
  return { fileBytes, index: reader.finish(), properties };
}

/** Returns a block with its trailer. @throws TailTooShort */
export function storedIn({ fileBytes, bytes }: FileTail, handle: BlockHandle): Uint8Array {
  const start = handle.offset - (fileBytes - bytes.length);
  if (start < 0) throw new TailTooShort(handle.offset);
  return bytes.subarray(start, start + handle.length + BLOCK_TRAILER_BYTES);
}

function readProperties(tail: FileTail, footer: Footer): Map<string, Uint8Array> {
  const metaIndex = new BlockCursor('none').open(openStoredBlock(storedIn(tail, footer.metaIndex)));
  const properties = new Map<string, Uint8Array>();
  while (metaIndex.next()) {
    if (Buffer.from(copyOf(metaIndex.key)).toString('latin1') !== PROPERTIES_KEY) continue;
    const { bytes, start, end } = metaIndex.value;
    const reader = new ByteReader().set(bytes, start, end);
    const handle = readHandle(reader, tail.fileBytes - FOOTER_BYTES);
    const cursor = new BlockCursor('none').open(openStoredBlock(storedIn(tail, handle)));
    while (cursor.next()) {
      if (properties.size >= PROPERTIES_MAX) throw new CorruptData('too many properties');
      properties.set(Buffer.from(copyOf(cursor.key)).toString('latin1'), copyOf(cursor.value));
    }
  }
  return properties;
}

function indexType(properties: ReadonlyMap<string, Uint8Array>): number {
  const value = properties.get('rocksdb.block.based.table.index.type');
  if (!value) return 0;
  if (value.length !== 4) throw new CorruptData('the index has no valid type');
  const type = Buffer.from(value).readUInt32LE(0);
  if (type !== 0 && type !== TWO_LEVELS) throw new CorruptData(`the index has the type ${type}`);
  return type;
}
