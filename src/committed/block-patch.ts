import type { EncodedEntry } from './record-value.js';
import { compareSlices, type Slice } from './slice.js';
import { BlockReading, type ReadBlock } from './sstable/read-block.js';
import { emptyParts, readValue } from './value-codec.js';

/** What a change comes to in a block; `unfit`: the block must be written record by record. */
export type Patched = 'changed' | 'same' | 'nothing' | 'unfit';

/**
 * Puts values in the place of others in a block of the base. Where they are as long as those, and
 * that is what staging an object again mostly gives, nothing else in the block moves: it is what
 * writing its records one by one would come to, at a part of the cost.
 *
 * Changes come in the order of their keys. A block that turned out to be unfit holds the values
 * that were put in, and is otherwise as it was.
 */
export class BlockPatch {
  readonly #reading = new BlockReading();
  readonly #parts = emptyParts();
  #stored: Uint8Array | undefined;
  #isAtRecord = false;
  isOpen = false;

  /** @param isKeyFine  asked for every key; one that is not makes the block unfit */
  constructor(private readonly isKeyFine: (key: Slice) => boolean) {}

  /**
   * Begins with a block.
   *
   * @param payload  is changed in place
   * @param stored  the block as it lies in its file
   * @throws CorruptData
   */
  open(payload: Buffer, stored: Uint8Array): void {
    this.#stored = stored;
    this.#isAtRecord = this.#reading.begin(payload).next();
    this.isOpen = true;
  }

  /** @param entry  undefined: the record is to go @throws CorruptData */
  put(key: Slice, entry: EncodedEntry | undefined): Patched {
    const reading = this.#reading;
    let order = -1;
    while (this.#isAtRecord) {
      order = compareSlices(reading.key, key);
      if (order >= 0) break;
      if (!this.#pass()) return 'unfit';
    }
    if (!this.#isAtRecord || order > 0) return entry ? 'unfit' : 'nothing';
    if (!entry) return 'unfit';
    const { value } = reading;
    if (compareSlices(readValue(value, this.#parts).identity, entry.identity) === 0) return 'same';
    const { bytes, start, end } = entry.value;
    if (end - start !== value.end - value.start) return 'unfit';
    value.bytes.set(bytes.subarray(start, end), value.start);
    this.#stored = undefined;
    return 'changed';
  }

  /** Ends it. @returns undefined when the block is unfit @throws CorruptData */
  finish(): ReadBlock | undefined {
    this.isOpen = false;
    while (this.#isAtRecord) if (!this.#pass()) return undefined;
    return this.#reading.finish(this.#stored);
  }

  #pass(): boolean {
    if (!this.isKeyFine(this.#reading.key)) return false;
    this.#reading.take();
    this.#isAtRecord = this.#reading.next();
    return true;
  }
}
