import { createHash } from 'node:crypto';
import { assert } from '../../shared/assert.js';
import { ContentHash } from '../../shared/content-hash.js';
import { ByteWriter } from '../byte-writer.js';
import { compareSlices, copyOf, copySlice, sliceOf, type Slice } from '../slice.js';
import { BLOCK_BYTES_THRESHOLD, BlockWriter } from './block-writer.js';
import { writeFooter } from './footer.js';
import { EMPTY_TRAILER, separatorOf, SET_TRAILER, successorOf } from './index-keys.js';
import { IndexWriter } from './index-writer.js';
import { PROPERTIES_KEY, propertiesBlock } from './properties.js';
import type { ReadBlock } from './read-block.js';
import { RecordHash } from './record-hash.js';
import { BLOCK_TRAILER_BYTES, storeBlock, storeRawBlock, writeHandle } from './stored-block.js';

const RESTART_INTERVAL = 16;
const TRAILER_BYTES = SET_TRAILER.length;
// Of an index entry, beside the user key: three lengths, trailer, handle, restart.
const INDEX_ENTRY_BYTES_MAX = 15 + TRAILER_BYTES + 20 + 4;

export interface BuiltTable {
  /** 64 lower-case hex digits. */
  readonly id: string;
  readonly file: Uint8Array;
  readonly minKey: Uint8Array;
  readonly maxKey: Uint8Array;
  readonly count: number;
  readonly estimatedBytes: number;
}

/** Writes one table: records in ascending order of their keys, then `finish`, once. */
export class TableWriter {
  readonly #file = new ByteWriter(8 * 1024);
  readonly #block = new BlockWriter(RESTART_INTERVAL);
  readonly #index = new IndexWriter();
  readonly #hash = new RecordHash(createHash('sha256'));
  readonly #lastKey: Slice = { bytes: Buffer.alloc(256), start: 0, end: 0 };
  #minKey = new Uint8Array();
  #count = 0;
  #keyBytes = 0;
  #valueBytes = 0;
  #blockCount = 0;
  /** The block that was adopted, as its file had it: usable while nothing is added to it. */
  #stored: Uint8Array | undefined;

  /** @param given  properties that are part of the id, `type` among them */
  constructor(private readonly given: readonly (readonly [key: string, value: string])[]) {}

  get count(): number {
    return this.#count;
  }

  /** Whether a block may begin with the next record. */
  get canAdopt(): boolean {
    return this.#block.count === 0 || this.#block.estimatedBytes > BLOCK_BYTES_THRESHOLD;
  }

  /** What the estimate can be, at most, when a block is adopted now. */
  grownBytesMax(payload: Uint8Array): number {
    // The open block is closed for it: its trailer, and an index entry of no longer a key.
    const indexEntryBytes = this.#lastKey.end + INDEX_ENTRY_BYTES_MAX;
    return this.estimatedBytes + BLOCK_TRAILER_BYTES + indexEntryBytes + payload.length;
  }

  /** What closes a range when it is large enough, and stands in the metarange in the end. */
  get estimatedBytes(): number {
    return this.#file.length + this.#block.estimatedBytes + this.#index.openBytes;
  }

  add(key: Slice, value: Slice): void {
    const keyLength = key.end - key.start;
    const valueLength = value.end - value.start;
    assert(
      this.#count === 0 || compareSlices(this.#lastKey, key) < 0,
      'records of a table come in ascending order',
    );
    if (this.#block.closesBefore(keyLength + TRAILER_BYTES, valueLength)) this.#closeBlock(key);
    if (this.#count === 0) this.#minKey = new Uint8Array(copyOf(key));
    this.#block.add(key, SET_TRAILER, value);
    this.#hash.add(key, value);
    this.#count++;
    this.#keyBytes += keyLength + TRAILER_BYTES;
    this.#valueBytes += valueLength;
    this.#keepLast(key);
  }

  /**
   * Takes a whole block of another table, if a block begins here: the bytes are those that adding
   * its records one by one would give, without compressing them again.
   *
   * @returns whether it was taken; if not, nothing changed but that an open block may be closed
   */
  adopt(block: ReadBlock): boolean {
    const { firstKey, firstValueLength, lastKey, entryCount } = block;
    assert(
      this.#count === 0 || compareSlices(this.#lastKey, firstKey) < 0,
      'records of a table come in ascending order',
    );
    const firstKeyLength = firstKey.end - firstKey.start + TRAILER_BYTES;
    if (this.#block.closesBefore(firstKeyLength, firstValueLength)) this.#closeBlock(firstKey);
    if (this.#block.count > 0) return false;
    if (this.#count === 0) this.#minKey = new Uint8Array(copyOf(firstKey));
    this.#block.adopt({ payload: block.payload, entryCount, lastKey: block.lastInternalKey });
    this.#stored = block.stored;
    this.#hash.addEncoded(block.hashForm);
    this.#count += entryCount;
    this.#keyBytes += block.keyBytes;
    this.#valueBytes += block.valueBytes;
    this.#keepLast(lastKey);
    return true;
  }

  /** Closes the table. An empty one has one empty block. */
  finish(): BuiltTable {
    const estimatedBytes = this.estimatedBytes;
    if (this.#block.count > 0 || this.#index.isEmpty) this.#closeBlock(undefined);
    const file = this.#file;
    const dataBytes = file.length;
    const index = this.#index.write(file);
    const maxKey = new Uint8Array(copyOf(this.#lastKey));
    const properties = propertiesBlock({
      given: this.given,
      minKey: this.#minKey,
      maxKey,
      entryCount: this.#count,
      estimatedBytes,
      dataBytes,
      dataBlockCount: this.#blockCount,
      keyBytes: this.#keyBytes,
      valueBytes: this.#valueBytes,
      index,
    });
    const metaIndex = new BlockWriter(1);
    const handle = new ByteWriter(20);
    writeHandle(handle, storeRawBlock(file, properties));
    const name = sliceOf(Buffer.from(PROPERTIES_KEY));
    metaIndex.add(name, new Uint8Array(), sliceOf(handle.view()));
    const metaHandle = storeRawBlock(file, metaIndex.finish());
    writeFooter(file, { metaIndex: metaHandle, index: index.handle });
    const id = this.#hash.finish(new ContentHash().textMap(this.given).encoded());
    const minKey = this.#minKey;
    return { id, file: file.toBytes(), minKey, maxKey, count: this.#count, estimatedBytes };
  }

  #closeBlock(next: Slice | undefined): void {
    const { bytes, start, end } = this.#lastKey;
    const last = bytes.subarray(start, end);
    const handle =
      this.#stored && this.#block.isAsAdopted
        ? this.#copyStored(this.#stored)
        : storeBlock(this.#file, this.#block.finish());
    const key = next
      ? separatorOf(last, next.bytes.subarray(next.start, next.end))
      : successorOf(last);
    this.#index.add(this.#count === 0 ? { userKey: last, trailer: EMPTY_TRAILER } : key, handle);
    this.#block.reset();
    this.#blockCount++;
    this.#stored = undefined;
  }

  #copyStored(stored: Uint8Array): { offset: number; length: number } {
    const offset = this.#file.length;
    this.#file.bytes(stored);
    return { offset, length: stored.length - BLOCK_TRAILER_BYTES };
  }

  #keepLast(key: Slice): void {
    const last = this.#lastKey;
    const length = key.end - key.start;
    if (length > last.bytes.length) last.bytes = Buffer.alloc(length * 2);
    copySlice(last.bytes, 0, key);
    last.end = length;
  }
}
