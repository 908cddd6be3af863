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

const cursor = new BlockCursor('record');
const hashForm = new ByteWriter(64 * 1024);

/**
 * Reads a block through.
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
  cursor.open(payload);
  hashForm.reset();
  let entryCount = 0;
  let keyBytes = 0;
  let valueBytes = 0;
  let firstKey: Slice | undefined;
  let firstValueLength = 0;
  while (cursor.next()) {
    const { key, value } = cursor;
    if (!isKeyFine(key)) return undefined;
    const valueLength = value.end - value.start;
    if (!firstKey) {
      firstKey = sliceOf(copyOf(key));
      firstValueLength = valueLength;
    }
    writeHashForm(hashForm, key, value);
    entryCount++;
    keyBytes += key.end - key.start + 8;
    valueBytes += valueLength;
  }
  if (!firstKey) throw new CorruptData('a block has no record');
  return {
    payload,
    stored,
    entryCount,
    firstKey,
    firstValueLength,
    lastKey: cursor.key,
    lastInternalKey: cursor.fullKey,
    keyBytes,
    valueBytes,
    hashForm: hashForm.view(),
  };
}
