import { createHash } from 'node:crypto';
import { assert } from '../../shared/assert.js';
import { ContentHash } from '../../shared/content-hash.js';
import { compareSlices, copyOf, copySlice, sliceOf, type Slice } from '../slice.js';
import { BLOCK_BYTES_THRESHOLD } from './block-writer.js';
import { KnownTable, type KnownBlock } from './known-table.js';
import { writeFooter } from './footer.js';
import { EMPTY_TRAILER, separatorOf, SET_TRAILER, successorOf } from './index-keys.js';
import { PROPERTIES_KEY, propertiesBlock } from './properties.js';
import type { ReadBlock } from './read-block.js';
import type { BlockHandle } from './stored-block.js';
import { BLOCK_TRAILER_BYTES, storeBlock, storeRawBlock, writeHandle } from './stored-block.js';
import { giveBack, takeMemory } from './table-memory.js';

const TRAILER_BYTES = SET_TRAILER.length;
/** What is known of a table is kept up to here. */
const KNOWN_BYTES_MAX = 2 * 1024 * 1024;
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
  /** What the writer had, when it was to be kept, and is little. */
  readonly known?: KnownTable | undefined;
}

/** Writes one table: records in ascending order of their keys, then `finish`, once. */
export class TableWriter {
  readonly #memory = takeMemory();
  readonly #file = this.#memory.file;
  readonly #block = this.#memory.block;
  readonly #index = this.#memory.index;
  readonly #hash = this.#memory.hash;
  readonly #lastKey = this.#memory.lastKey;
  #minKey = new Uint8Array();
  #count = 0;
  #keyBytes = 0;
  #valueBytes = 0;
  #blockCount = 0;
  /** The block that was adopted, as its file had it: usable while nothing is added to it. */
  #stored: Uint8Array | undefined;
  #adopted: KnownBlock | undefined;
  #known: KnownTable | undefined;

  /**
   * @param given  properties that are part of the id, `type` among them
   * @param isKept  whether what the writer knows of a small table is to be kept with it
   */
  constructor(
    private readonly given: readonly (readonly [key: string, value: string])[],
    isKept = false,
  ) {
    this.#hash.reset(createHash('sha256'));
    if (isKept) this.#known = new KnownTable();
  }

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
   * @param known  what is known of the block, if that is to be kept
   * @returns whether it was taken; if not, nothing changed but that an open block may be closed
   */
  adopt(block: ReadBlock, known?: KnownBlock): boolean {
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
    this.#adopted = known ?? { payload: block.payload };
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
    const { metaIndex, handle } = this.#memory;
    writeHandle(handle, storeRawBlock(file, properties));
    const name = sliceOf(Buffer.from(PROPERTIES_KEY));
    metaIndex.add(name, new Uint8Array(), sliceOf(handle.view()));
    const metaHandle = storeRawBlock(file, metaIndex.finish());
    writeFooter(file, { metaIndex: metaHandle, index: index.handle });
    const built = {
      id: this.#hash.finish(new ContentHash().textMap(this.given).encoded()),
      file: file.toBytes(),
      minKey: this.#minKey,
      maxKey,
      count: this.#count,
      estimatedBytes,
      known: this.#known,
    };
    giveBack(this.#memory);
    return built;
  }

  #closeBlock(next: Slice | undefined): void {
    const { bytes, start, end } = this.#lastKey;
    const last = bytes.subarray(start, end);
    const isAdopted = this.#block.isAsAdopted;
    const payload = this.#block.finish();
    const handle =
      this.#stored && isAdopted ? this.#copyStored(this.#stored) : storeBlock(this.#file, payload);
    const key = next
      ? separatorOf(last, next.bytes.subarray(next.start, next.end))
      : successorOf(last);
    this.#index.add(this.#count === 0 ? { userKey: last, trailer: EMPTY_TRAILER } : key, handle);
    if (this.#known) {
      const known = isAdopted ? this.#adopted : undefined;
      this.#keep(handle, key.userKey, known ?? { payload: Buffer.from(payload) });
    }
    this.#block.reset();
    this.#blockCount++;
    this.#stored = undefined;
  }

  /** Of a table that grows large it is given up. */
  #keep(handle: BlockHandle, separator: Uint8Array, block: KnownBlock): void {
    this.#known?.add(handle, separator, block);
    if ((this.#known?.sizeBytes ?? 0) > KNOWN_BYTES_MAX) this.#known = undefined;
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
