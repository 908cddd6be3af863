import { CorruptData } from '../ports/store-errors.js';
import { inFile, named } from './corrupt.js';
import { compareSlices, sliceOf, type Slice } from './slice.js';
import { BlockCursor } from './sstable/block-cursor.js';
import type { KnownBlock, KnownTable, TableIndex } from './sstable/known-table.js';
import { openStoredBlock } from './sstable/stored-block.js';
import { readLayout, storedIn, type FileTail, type TableLayout } from './sstable/table-layout.js';
import { emptyParts, readValue } from './value-codec.js';

/** A file's bytes, and between which keys its records must lie, both inclusive. */
export interface BoundedFile {
  /** For errors. */
  readonly name: string;
  readonly file: Uint8Array;
  readonly minKey: Uint8Array;
  readonly maxKey: Uint8Array;
  /** Whether the file's bytes are nobody else's. */
  readonly mayBeGivenAway?: boolean;
  /** What its writer had, if it was kept: nothing of the file needs to be read then. */
  readonly known?: KnownTable | undefined;
}

/**
 * Walks a whole table from its first record to its last, a block or a record at a time. A block
 * is uncompressed when its records are looked at. What is wrong is `CorruptData`, naming the file.
 */
export class TableCursor {
  readonly #tail: FileTail;
  readonly #known: KnownTable | undefined;
  readonly #index: TableIndex;
  readonly #cursor = new BlockCursor('record');
  readonly #isOurs: boolean;
  readonly #separator: Slice = { bytes: new Uint8Array(), start: 0, end: 0 };
  readonly #maxKey: Slice;
  /** No record of the next block may be before it, nor at it. */
  #after: Slice | undefined;
  #block = -1;
  #payload: Buffer | undefined;
  #isInBlock = false;
  #isChanged = false;
  readonly #parts = emptyParts();
  readonly name: string;

  /** @throws CorruptData */
  constructor({ name, file, minKey, maxKey, known }: BoundedFile) {
    this.name = name;
    this.#tail = { fileBytes: file.length, bytes: file };
    this.#known = known;
    this.#maxKey = sliceOf(maxKey);
    if (known) {
      this.#index = known;
      this.#isOurs = true;
    } else {
      const layout = inFile(name, () => readLayout(this.#tail));
      this.#index = layout.index;
      this.#isOurs = isOurs(layout);
    }
    this.#nextBlock();
    if (this.isAtEnd) return;
    this.#open();
    if (!this.isAtEnd && compareSlices(this.key, sliceOf(minKey)) < 0) {
      throw this.#corrupt('a range has records before its first key');
    }
  }

  get isAtEnd(): boolean {
    return this.#block >= this.#index.blockCount;
  }

  /** Whether the record is the first of its block. */
  get isAtBlockStart(): boolean {
    return !this.#isInBlock;
  }

  /** Of the record; valid until the next move. */
  get key(): Slice {
    if (!this.#payload) this.#open();
    return this.#cursor.key;
  }

  get value(): Slice {
    if (!this.#payload) this.#open();
    return this.#cursor.value;
  }

  /** A part of the value. @throws CorruptData */
  get identity(): Slice {
    try {
      return readValue(this.value, this.#parts).identity;
    } catch (error) {
      throw named(this.name, error);
    }
  }

  get payload(): Buffer {
    return this.#payload ?? this.#open();
  }

  /** The block as it lies in the file, if our writer would store it like that. */
  get stored(): Uint8Array | undefined {
    return this.#isOurs && !this.#isChanged ? this.blockBytes : undefined;
  }

  /** Returns the payload for values in it to be changed: it is not what lies in the file then. */
  payloadToChange(): Buffer {
    let { payload } = this;
    // One that was not compressed is a part of the file; one that is known is others' too.
    if (payload.buffer === this.#tail.bytes.buffer || this.#known) {
      payload = this.#payload = Buffer.from(payload);
      this.#cursor.open(payload).next();
    }
    this.#isChanged = true;
    return payload;
  }

  /** What is known of the block. */
  get known(): KnownBlock | undefined {
    return this.#known?.block(this.#block);
  }

  /** The block as it lies in the file. */
  get blockBytes(): Uint8Array {
    return storedIn(this.#tail, this.#index.handle(this.#block));
  }

  /**
   * A key at or after the block's last and before the next block's first; undefined for the last
   * block, whose end says nothing of the next range. Valid until the next move.
   */
  get blockEnd(): Slice | undefined {
    if (this.#block + 1 >= this.#index.blockCount) return undefined;
    return this.#index.separator(this.#block, this.#separator);
  }

  /** Whether all records of the block are before `key`. */
  isBlockBefore(key: Slice): boolean {
    return compareSlices(this.#index.separator(this.#block, this.#separator), key) < 0;
  }

  /** @throws CorruptData  records do not ascend, or go beyond the last key */
  next(): void {
    if (!this.#payload) this.#open();
    try {
      if (this.#cursor.next()) {
        this.#isInBlock = true;
        return;
      }
    } catch (error) {
      throw named(this.name, error);
    }
    this.#checkEnd(this.key);
    this.#nextBlock();
  }

  /** Goes to the next block, past one whose last key is given. */
  skipBlock(lastKey: Slice): void {
    this.#checkEnd(lastKey);
    this.#nextBlock();
  }

  /** Goes to the next block, past one of which the records are not wanted. */
  dropBlock(): void {
    this.#keepSeparator();
    this.#nextBlock();
  }

  /** Goes on to the first record that is not before `key`. @throws CorruptData */
  advanceTo(key: Slice): void {
    while (!this.isAtEnd && this.isBlockBefore(key)) this.dropBlock();
    while (!this.isAtEnd && compareSlices(this.key, key) < 0) this.next();
  }

  #nextBlock(): void {
    this.#block++;
    this.#isInBlock = false;
    this.#isChanged = false;
    this.#payload = undefined;
  }

  #open(): Buffer {
    if (this.isAtEnd) throw this.#corrupt('a read past the last record of a table');
    const payload =
      this.known?.payload ?? inFile(this.name, () => openStoredBlock(this.blockBytes));
    this.#payload = payload;
    if (!inFile(this.name, () => this.#cursor.open(payload).next())) {
      // The one block of an empty table has no record.
      if (this.#index.blockCount > 1) throw this.#corrupt('a block has no record');
      this.#block = 1;
      return payload;
    }
    if (this.#after && compareSlices(this.#cursor.key, this.#after) <= 0) {
      throw this.#corrupt('the blocks of a table do not ascend');
    }
    return payload;
  }

  #checkEnd(lastKey: Slice): void {
    const separator = this.#index.separator(this.#block, this.#separator);
    if (compareSlices(lastKey, separator) > 0 || compareSlices(lastKey, this.#maxKey) > 0) {
      throw this.#corrupt('a block has records beyond its key in the index');
    }
    this.#keepSeparator();
  }

  #corrupt(what: string): CorruptData {
    return new CorruptData(`${this.name}: ${what}`);
  }

  #keepSeparator(): void {
    // A place in the index, of which the bytes stay as they are.
    this.#after = { ...this.#index.separator(this.#block, this.#separator) };
  }
}

/** Else a block of another writer, valid but other than ours, would stay in new files. */
function isOurs(layout: TableLayout): boolean {
  return (
    textProperty(layout, 'type') === 'ranges' &&
    textProperty(layout, 'rocksdb.property.collectors') === '[static]' &&
    textProperty(layout, 'rocksdb.compression') === 'Snappy'
  );
}

function textProperty({ properties }: TableLayout, key: string): string | undefined {
  const value = properties.get(key);
  return value && Buffer.from(value).toString('latin1');
}
