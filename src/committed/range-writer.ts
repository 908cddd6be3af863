import type { RangeId } from '../domain/model.js';
import type { RangeParameters } from '../ports/committed-store.js';
import { endsRange, isRagged } from './ends-range.js';
import type { RangeRecord } from './range-codec.js';
import type { Slice } from './slice.js';
import { readThrough } from './sstable/read-block.js';
import { TableWriter } from './sstable/table-writer.js';

export interface BuiltRange extends RangeRecord {
  readonly file: Uint8Array;
}

/** Writes records, in ascending order of their keys, into as many ranges as they take. */
export class RangeWriter {
  #table: TableWriter | undefined;
  readonly #isFine: (key: Slice) => boolean;

  /** @param given  properties of the caller, beside `type`; part of the ranges' ids */
  constructor(
    private readonly parameters: RangeParameters,
    private readonly emit: (range: BuiltRange) => void,
    private readonly given: readonly (readonly [key: string, value: string])[] = [],
  ) {
    this.#isFine = (key) => !isRagged(key, parameters.raggednessEntries);
  }

  add(key: Slice, value: Slice): void {
    const table = this.#opened();
    table.add(key, value);
    if (endsRange(key, table.estimatedBytes, this.parameters)) this.endRange();
  }

  /**
   * Takes a whole data block of another range, where the range that is open can go on with it
   * and does not end in it.
   *
   * @param stored  as it lies in a file that this format's own writer wrote; undefined otherwise
   * @returns its last key; undefined when it was not taken, and its records must be added
   */
  addBlock(payload: Buffer, stored: Uint8Array | undefined): Slice | undefined {
    if (!stored || this.#table?.canAdopt === false) return undefined;
    const grownBytesMax = this.#table?.grownBytesMax(payload) ?? payload.length + 8;
    if (grownBytesMax >= this.parameters.rangeBytesMax) return undefined;
    const block = readThrough(payload, stored, this.#isFine);
    return block && this.#opened().adopt(block) ? block.lastKey : undefined;
  }

  /** Ends the range that is open, if one is. */
  endRange(): void {
    const built = this.#table?.finish();
    this.#table = undefined;
    if (built) this.emit({ ...built, id: built.id as RangeId });
  }

  #opened(): TableWriter {
    return (this.#table ??= new TableWriter([...this.given, ['type', 'ranges']]));
  }
}
