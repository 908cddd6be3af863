import { CorruptData } from '../ports/store-errors.js';
import { compareSlices, copyOf, sliceOf, type Slice } from './slice.js';
import { BlockCursor } from './sstable/block-cursor.js';
import { openStoredBlock } from './sstable/stored-block.js';
import { readLayout, storedIn, type FileTail, type TableLayout } from './sstable/table-layout.js';

/** A file's bytes, and between which keys its records must lie, both inclusive. */
export interface BoundedFile {
  readonly file: Uint8Array;
  readonly minKey: Uint8Array;
  readonly maxKey: Uint8Array;
}

/** Walks a whole table from its first record to its last, a block or a record at a time. */
export class TableCursor {
  readonly #tail: FileTail;
  readonly #layout: TableLayout;
  readonly #cursor = new BlockCursor('record');
  readonly #isOurs: boolean;
  readonly #separator: Slice = { bytes: new Uint8Array(), start: 0, end: 0 };
  readonly #maxKey: Slice;
  #after: Slice | undefined;
  #block = -1;
  #payload: Buffer | undefined;
  #isInBlock = false;

  /** @throws CorruptData */
  constructor({ file, minKey, maxKey }: BoundedFile) {
    this.#tail = { fileBytes: file.length, bytes: file };
    this.#layout = readLayout(this.#tail);
    this.#maxKey = sliceOf(maxKey);
    // Else a block of another writer, valid but other than ours, would stay in new files.
    this.#isOurs =
      textProperty(this.#layout, 'type') === 'ranges' &&
      textProperty(this.#layout, 'rocksdb.property.collectors') === '[static]' &&
      textProperty(this.#layout, 'rocksdb.compression') === 'Snappy';
    this.#nextBlock();
    if (!this.isAtEnd && compareSlices(this.key, sliceOf(minKey)) < 0) {
      throw new CorruptData('a range has records before its first key');
    }
  }

  get isAtEnd(): boolean {
    return this.#block >= this.#layout.index.blockCount;
  }

  /** Whether the record is the first of its block. */
  get isAtBlockStart(): boolean {
    return !this.#isInBlock;
  }

  /** Of the record; valid until the next move. */
  get key(): Slice {
    return this.#cursor.key;
  }

  get value(): Slice {
    return this.#cursor.value;
  }

  get payload(): Buffer {
    if (!this.#payload) throw new CorruptData('a read past the last record of a table');
    return this.#payload;
  }

  /** The block as it lies in the file, if our writer would store it like that. */
  get stored(): Uint8Array | undefined {
    if (!this.#isOurs) return undefined;
    return storedIn(this.#tail, this.#layout.index.handle(this.#block));
  }

  /** Whether all records of the block are before `key`. */
  isBlockBefore(key: Slice): boolean {
    return compareSlices(this.#layout.index.separator(this.#block, this.#separator), key) < 0;
  }

  /** @throws CorruptData  records do not ascend, or go beyond the last key */
  next(): void {
    if (this.#cursor.next()) {
      this.#isInBlock = true;
      return;
    }
    this.#checkEnd(this.key);
    this.#nextBlock();
  }

  /** Goes to the next block, past one whose last key is given. */
  skipBlock(lastKey: Slice): void {
    this.#checkEnd(lastKey);
    this.#nextBlock();
  }

  #nextBlock(): void {
    this.#block++;
    this.#isInBlock = false;
    this.#payload = undefined;
    if (this.isAtEnd) return;
    const stored = storedIn(this.#tail, this.#layout.index.handle(this.#block));
    this.#payload = openStoredBlock(stored);
    if (!this.#cursor.open(this.#payload).next()) {
      // The one block of an empty table has no record.
      if (this.#layout.index.blockCount > 1) throw new CorruptData('a block has no record');
      this.#block = 1;
      return;
    }
    if (this.#after && compareSlices(this.key, this.#after) <= 0) {
      throw new CorruptData('the blocks of a table do not ascend');
    }
  }

  #checkEnd(lastKey: Slice): void {
    const separator = this.#layout.index.separator(this.#block, this.#separator);
    if (compareSlices(lastKey, separator) > 0 || compareSlices(lastKey, this.#maxKey) > 0) {
      throw new CorruptData('a block has records beyond its key in the index');
    }
    this.#after = sliceOf(copyOf(separator));
  }
}

function textProperty({ properties }: TableLayout, key: string): string | undefined {
  const value = properties.get(key);
  return value && Buffer.from(value).toString('latin1');
}
