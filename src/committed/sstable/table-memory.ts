import { createHash } from 'node:crypto';
import { ByteWriter } from '../byte-writer.js';
import type { Slice } from '../slice.js';
import { BlockWriter } from './block-writer.js';
import { IndexWriter } from './index-writer.js';
import { RecordHash } from './record-hash.js';

const RESTART_INTERVAL = 16;

/** What a table is written in; used for one after the other. */
export interface TableMemory {
  readonly file: ByteWriter;
  readonly block: BlockWriter;
  readonly index: IndexWriter;
  readonly metaIndex: BlockWriter;
  readonly handle: ByteWriter;
  readonly hash: RecordHash;
  readonly lastKey: Slice;
}

// A dozen buffers for each small file were a seventh of the time that it takes to make it.
const spare: TableMemory[] = [];
const SPARE_MAX = 4;
const SPARE_BYTES_MAX = 1024 * 1024;
/** Of a large file, one: to get and let go of megabytes for each costs a part of writing it. */
let large: TableMemory | undefined;
const LARGE_BYTES_MAX = 32 * 1024 * 1024;

export function takeMemory(): TableMemory {
  const memory = takeSpare();
  if (!memory) return newMemory();
  for (const part of [memory.file, memory.block, memory.index]) part.reset();
  memory.metaIndex.reset();
  memory.handle.reset();
  memory.lastKey.end = 0;
  return memory;
}

/** To be called by whoever took it and reads nothing of it any more. */
export function giveBack(memory: TableMemory): void {
  const { capacityBytes } = memory.file;
  if (capacityBytes > SPARE_BYTES_MAX) {
    if (capacityBytes <= LARGE_BYTES_MAX) large = memory;
  } else if (spare.length < SPARE_MAX) spare.push(memory);
}

function takeSpare(): TableMemory | undefined {
  const memory = large ?? spare.pop();
  large = undefined;
  return memory;
}

const newMemory = (): TableMemory => ({
  file: new ByteWriter(8 * 1024),
  block: new BlockWriter(RESTART_INTERVAL),
  index: new IndexWriter(),
  metaIndex: new BlockWriter(1),
  handle: new ByteWriter(20),
  hash: new RecordHash(createHash('sha256')),
  lastKey: { bytes: Buffer.alloc(256), start: 0, end: 0 },
});
