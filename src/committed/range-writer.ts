import type { RangeId } from '../domain/model.js';
import type { RangeParameters } from '../ports/committed-store.js';
import { endsRange, isRagged } from './ends-range.js';
import type { RangeRecord } from './range-codec.js';
import type { Slice } from './slice.js';
import { keptRead, type KnownBlock, type KnownTable } from './sstable/known-table.js';
import { readThrough, type ReadBlock } from './sstable/read-block.js';
import { TableWriter } from './sstable/table-writer.js';

export interface BuiltRange extends RangeRecord {
  readonly file: Uint8Array;
  /** What its writer had, when it was to be kept. */
  readonly known?: KnownTable | undefined;
}

/** Writes records, in ascending order of their keys, into as many ranges as they take. */
export class RangeWriter {
  #table: TableWriter | undefined;
  /** Whether no range ends after a key, unless by its size. */
  readonly isInside: (key: Slice) => boolean;

  /**
   * @param given  properties of the caller, beside `type`; part of the ranges' ids
   * @param isKept  whether what is known of small ranges is to be kept with them
   */
  constructor(
    private readonly parameters: RangeParameters,
    private readonly emit: (range: BuiltRange) => void,
    private readonly given: readonly (readonly [key: string, value: string])[] = [],
    private readonly isKept = false,
  ) {
    this.isInside = (key) => !isRagged(key, parameters.raggednessEntries);
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
   * @param known  what is known of it, if anything is
   * @returns its last key; undefined when it was not taken, and its records must be added
   */
  addBlock(payload: Buffer, stored: Uint8Array | undefined, known?: KnownBlock): Slice | undefined {
    if (!stored || !this.mayTake(payload)) return undefined;
    const block = known
      ? this.#readKnown(payload, stored, known)
      : readThrough(payload, stored, this.isInside);
    return block && this.take(block, known) ? block.lastKey : undefined;
  }

  /** Whether a block may begin here, and the range not end in it because it is too large. */
  mayTake(payload: Buffer): boolean {
    if (this.#table?.canAdopt === false) return false;
    const grownBytesMax = this.#table?.grownBytesMax(payload) ?? payload.length + 8;
    return grownBytesMax < this.parameters.rangeBytesMax;
  }

  /** Takes a block that {@link mayTake} was asked about, all keys inside. @returns as `adopt` */
  take(block: ReadBlock, known?: KnownBlock): boolean {
    return this.#opened().adopt(block, known);
  }

  /** Ends the range that is open, if one is. */
  endRange(): void {
    const built = this.#table?.finish();
    this.#table = undefined;
    if (built) this.emit({ ...built, id: built.id as RangeId });
  }

  #readKnown(payload: Buffer, stored: Uint8Array, known: KnownBlock): ReadBlock | undefined {
    const { raggednessEntries } = this.parameters;
    if (known.read && known.raggednessEntries === raggednessEntries) {
      return { ...known.read, stored };
    }
    const read = readThrough(payload, stored, this.isInside);
    if (!read) return undefined;
    known.read = keptRead(read);
    known.raggednessEntries = raggednessEntries;
    return read;
  }

  #opened(): TableWriter {
    return (this.#table ??= new TableWriter([...this.given, ['type', 'ranges']], this.isKept));
  }
}
