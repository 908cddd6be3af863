import { CorruptData } from '../../ports/store-errors.js';
import { ByteWriter } from '../byte-writer.js';
import { copyOf, sliceOf, type Slice } from '../slice.js';
import { BlockCursor } from './block-cursor.js';
import { writeHashForm } from './record-hash.js';

/** A data block that was read through, with all that a writer needs to take it whole. */
export interface ReadBlock {
  readonly payload: Buffer;
  /** Payload and trailer as they lie in the file, when they are what our writer would store. */
  readonly stored: Uint8Array | undefined;
  readonly entryCount: number;
  readonly firstKey: Slice;
  readonly firstValueLength: number;
  readonly lastKey: Slice;
  /** With its trailer. */
  readonly lastInternalKey: Slice;
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** All records, as a table's id takes them; valid until the next block is read. */
  readonly hashForm: Uint8Array;
}

const none: Slice = { bytes: Buffer.alloc(0), start: 0, end: 0 };

/** Reads a block through, a record at a time. Reused from block to block. */
export class BlockReading {
  readonly #cursor = new BlockCursor('record');
  readonly #hashForm = new ByteWriter(64 * 1024);
  #payload: Buffer = Buffer.alloc(0);
  #entryCount = 0;
  #keyBytes = 0;
  #valueBytes = 0;
  #firstKey = none;
  #firstValueLength = 0;

  /** Goes before the first record. @throws CorruptData  it is no block */
  begin(payload: Buffer): this {
    this.#cursor.open(payload);
    this.#hashForm.reset();
    this.#payload = payload;
    this.#entryCount = 0;
    this.#keyBytes = 0;
    this.#valueBytes = 0;
    return this;
  }

  /** Goes to the next record, if there is one. @throws CorruptData */
  next(): boolean {
    return this.#cursor.next();
  }

  /** Of the record; valid until the next move. */
  get key(): Slice {
    return this.#cursor.key;
  }

  /** A part of the payload. */
  get value(): Slice {
    return this.#cursor.value;
  }

  /** Takes the record as it stands in the payload now; each is taken once, before the next. */
  take(): void {
    const { key, value } = this.#cursor;
    const valueLength = value.end - value.start;
    if (this.#entryCount === 0) {
      this.#firstKey = sliceOf(copyOf(key));
      this.#firstValueLength = valueLength;
    }
    writeHashForm(this.#hashForm, key, value);
    this.#entryCount++;
    this.#keyBytes += key.end - key.start + 8;
    this.#valueBytes += valueLength;
  }

  /**
   * Returns what was taken, at the block's end.
   *
   * @param stored  the block as it lies in its file, if it is still what our writer would store
   * @throws CorruptData  it is an empty block
   */
  finish(stored: Uint8Array | undefined): ReadBlock {
    if (this.#entryCount === 0) throw new CorruptData('a block has no record');
    return {
      payload: this.#payload,
      stored,
      entryCount: this.#entryCount,
      firstKey: this.#firstKey,
      firstValueLength: this.#firstValueLength,
      lastKey: this.#cursor.key,
      lastInternalKey: this.#cursor.fullKey,
      keyBytes: this.#keyBytes,
      valueBytes: this.#valueBytes,
      hashForm: this.#hashForm.view(),
    };
  }
}

const reading = new BlockReading();

/**
 * Reads a whole block.
 *
 * @param isKeyFine  asked for every key in its order
 * @returns undefined when a key was refused
 * @throws CorruptData  it is no block, or an empty one
 */
export function readThrough(
  payload: Buffer,
  stored: Uint8Array | undefined,
  isKeyFine: (key: Slice) => boolean,
): ReadBlock | undefined {
  reading.begin(payload);
  while (reading.next()) {
    if (!isKeyFine(reading.key)) return undefined;
    reading.take();
  }
  return reading.finish(stored);
}
