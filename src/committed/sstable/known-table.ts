import { sliceOf, type Slice } from '../slice.js';
import type { ReadBlock } from './read-block.js';
import { BLOCK_TRAILER_BYTES, type BlockHandle } from './stored-block.js';

/** A data block as its writer had it. */
export interface KnownBlock {
  readonly payload: Buffer;
  /** What reading it through has found, once somebody has. */
  read?: ReadBlock;
  /** Of such ranges none of its keys is the last one. */
  raggednessEntries?: number;
}

/** Where a table's data blocks lie, and between which keys. */
export interface TableIndex {
  readonly blockCount: number;
  handle(block: number): BlockHandle;
  /** Sets `key` to a key at or after the block's last one, and before the next block's first. */
  separator(block: number, key: Slice): Slice;
}

interface Place extends BlockHandle {
  readonly separator: Uint8Array;
  readonly block: KnownBlock;
}

/** A small table as its writer had it: what reading its file would give, without reading it. */
export class KnownTable implements TableIndex {
  readonly #places: Place[] = [];
  /** About what it takes of memory. */
  sizeBytes = 0;

  get blockCount(): number {
    return this.#places.length;
  }

  /** To be called once for each block, in their order. */
  add({ offset, length }: BlockHandle, separator: Uint8Array, block: KnownBlock): void {
    this.#places.push({ offset, length, separator: new Uint8Array(separator), block });
    this.sizeBytes += 2 * block.payload.length + separator.length + BLOCK_BYTES_OVERHEAD;
  }

  block(block: number): KnownBlock | undefined {
    return this.#places[block]?.block;
  }

  handle(block: number): BlockHandle {
    return this.#places[block] ?? NOWHERE;
  }

  separator(block: number, key: Slice): Slice {
    const bytes = this.#places[block]?.separator ?? EMPTY;
    key.bytes = bytes;
    key.start = 0;
    key.end = bytes.length;
    return key;
  }
}

/** Returns what was read of a block, but where it lies, for as long as anybody wants it. */
export function keptRead(block: ReadBlock): ReadBlock {
  return {
    ...block,
    stored: undefined,
    lastKey: ownSlice(block.lastKey),
    lastInternalKey: ownSlice(block.lastInternalKey),
    hashForm: new Uint8Array(block.hashForm),
  };
}

const ownSlice = ({ bytes, start, end }: Slice): Slice =>
  sliceOf(new Uint8Array(bytes.subarray(start, end)));

const EMPTY = new Uint8Array();
const NOWHERE: BlockHandle = { offset: 0, length: -BLOCK_TRAILER_BYTES };
const BLOCK_BYTES_OVERHEAD = 400;
