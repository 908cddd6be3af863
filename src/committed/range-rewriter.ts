import type { RangeParameters } from '../ports/committed-store.js';
import { BlockPatch } from './block-patch.js';
import { forEachChange } from './change-batch.js';
import { inFile } from './corrupt.js';
import { writeIdentityOfData } from './entry-codec.js';
import { RangeWriter, type BuiltRange } from './range-writer.js';
import { RecordValue, type EncodedEntry } from './record-value.js';
import { compareSlices, type Slice } from './slice.js';
import { StagedRowReader } from './staged-rows.js';
import { TableCursor, type BoundedFile } from './table-cursor.js';
import { emptyParts, readValue } from './value-codec.js';

export interface ChangeCounts {
  addedCount: number;
  changedCount: number;
  removedCount: number;
}

/**
 * Lays changes over ranges of the base, and writes the ranges that come of it. Synchronous, and
 * of bounded memory: one base file, one range that grows.
 *
 * Calls come in the order of keys: `openBase`, changes up to its last key, `closeBase`; changes
 * between two ranges come between. All of them go on with the range that is open.
 */
export class RangeRewriter {
  readonly counts: ChangeCounts = { addedCount: 0, changedCount: 0, removedCount: 0 };
  readonly #writer: RangeWriter;
  readonly #value = new RecordValue();
  readonly #parts = emptyParts();
  readonly #rows = new StagedRowReader();
  readonly #patch: BlockPatch | undefined;
  #base: TableCursor | undefined;
  #name = '';

  /**
   * @param isSmall  whether there is little to do: then what is known of a range is kept with it,
   *   and a block that changes is written anew
   */
  constructor(parameters: RangeParameters, emit: (range: BuiltRange) => void, isSmall = false) {
    this.#writer = new RangeWriter(parameters, emit, [], isSmall);
    this.#patch = isSmall ? undefined : new BlockPatch(this.#writer.isInside);
  }

  /** @throws CorruptData  naming the file */
  openBase(base: BoundedFile): void {
    this.#name = base.name;
    this.#base = new TableCursor(base);
  }

  /** @throws CorruptData  naming the base's file */
  change(batch: Uint8Array): void {
    inFile(this.#name, () =>
      forEachChange(batch, (key, data) => {
        this.#change(key, data && this.#valueOf(data));
      }),
    );
  }

  /** The same of changes as the views hold them. @throws CorruptData  naming the base's file */
  rows(packed: Uint8Array): void {
    inFile(this.#name, () => {
      this.#rows.forEach(packed, (key, entry) => this.#change(key, entry));
    });
  }

  /** Copies what the base has after the last change. @throws CorruptData */
  closeBase(): void {
    inFile(this.#name, () => {
      this.#endPatch();
      this.#copyUntil(undefined);
    });
    this.#base = undefined;
  }

  /** Ends the range that is open. */
  end(): ChangeCounts {
    this.#writer.endRange();
    return this.counts;
  }

  #change(key: Slice, entry: EncodedEntry | undefined): void {
    if (this.#isPatched(key, entry)) return;
    this.#copyUntil(key);
    const base = this.#base;
    if (!base || base.isAtEnd || compareSlices(base.key, key) !== 0) {
      if (!entry) return;
      this.counts.addedCount++;
      this.#writer.add(key, entry.value);
      return;
    }
    if (entry) this.#replace(base, key, entry);
    else this.counts.removedCount++;
    base.next();
  }

  /** Makes a change within the block of the base that it belongs to, if it can be made there. */
  #isPatched(key: Slice, entry: EncodedEntry | undefined): boolean {
    const base = this.#base;
    const patch = this.#patch;
    if (!base || !patch) return false;
    if (patch.isOpen && base.isBlockBefore(key)) this.#endPatch();
    if (!patch.isOpen) {
      this.#copyBlocksBefore(base, key);
      if (base.isAtEnd || !base.isAtBlockStart || base.isBlockBefore(key)) return false;
      const { stored } = base;
      if (!stored || !this.#writer.mayTake(base.payload)) return false;
      patch.open(base.payloadToChange(), stored);
    }
    const patched = patch.put(key, entry);
    if (patched === 'changed') this.counts.changedCount++;
    if (patched !== 'unfit') return true;
    // The records before this one are copied, some as they are now.
    patch.isOpen = false;
    return false;
  }

  /** Goes on behind the block that is open for changes. */
  #endPatch(): void {
    if (!this.#base || !this.#patch?.isOpen) return;
    const block = this.#patch.finish();
    if (block && this.#writer.take(block)) this.#base.skipBlock(block.lastKey);
  }

  // An object that was staged again unchanged keeps its record, so its address and time too.
  #replace(base: TableCursor, key: Slice, entry: EncodedEntry): void {
    const { identity } = readValue(base.value, this.#parts);
    if (compareSlices(identity, entry.identity) === 0) {
      this.#writer.add(base.key, base.value);
      return;
    }
    this.counts.changedCount++;
    this.#writer.add(key, entry.value);
  }

  #valueOf(data: Slice): EncodedEntry {
    this.#value.begin().slice(data);
    const bytes = this.#value.end();
    writeIdentityOfData(this.#value.data, bytes, this.#value.identity.start);
    return this.#value;
  }

  /** Copies the base's records before `key`; undefined: all that are left. */
  #copyUntil(key: Slice | undefined): void {
    const base = this.#base;
    if (!base) return;
    for (;;) {
      this.#copyBlocksBefore(base, key);
      if (base.isAtEnd || (key && compareSlices(base.key, key) >= 0)) return;
      this.#writer.add(base.key, base.value);
      base.next();
    }
  }

  /** Copies blocks of which all records are before `key`, as long as they can be taken whole. */
  #copyBlocksBefore(base: TableCursor, key: Slice | undefined): void {
    while (!base.isAtEnd && base.isAtBlockStart) {
      if (key && !base.isBlockBefore(key)) return;
      const lastKey = this.#writer.addBlock(base.payload, base.stored, base.known);
      if (!lastKey) return;
      base.skipBlock(lastKey);
    }
  }
}
