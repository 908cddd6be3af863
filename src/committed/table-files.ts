import type { StorageNamespace } from '../domain/model.js';
import type { BlockAddress, ByteRange } from '../ports/block-store.js';
import { BlockNotFound, CorruptData } from '../ports/store-errors.js';
import { inFile } from './corrupt.js';
import type { ReadBlocks } from './laid-blocks.js';
import {
  readLayout,
  TailTooShort,
  type FileTail,
  type TableLayout,
} from './sstable/table-layout.js';

/** Files of any kind; a larger one is refused before it is read. */
export const FILE_BYTES_MAX = 256 * 1024 * 1024;
/** Up to here a file is read, and kept, as a whole. */
export const WHOLE_FILE_BYTES_MAX = 1024 * 1024;
// Holds footer, properties and the index of a range of usual size.
const TAIL_BYTES = 128 * 1024;
// Each read again reaches back to the block that was wanted; a table has five kinds of them.
const TAIL_READS_MAX = 8;

/** A table of which everything but the data blocks was read. */
export interface OpenTable {
  readonly address: BlockAddress;
  readonly layout: TableLayout;
  /** All bytes of a small file. */
  readonly whole: Uint8Array | undefined;
  /** Whether they were not read, but are what was written in this process. */
  readonly isAsWritten?: boolean;
}

export const fileName = ({ namespace, key }: BlockAddress): string => `${namespace}/${key}`;

/** Returns where a range or a metarange lies. */
export function tableAddress(namespace: StorageNamespace, id: string): BlockAddress {
  return { namespace, key: `_lakefs/${id}` };
}

/** Reads table files from a block store. Keeps nothing. */
export class TableFiles {
  /**
   * @param sizes  `tailBytes` is what a first read takes from a large file's end; of smaller ones
   *   than these a test has more to see
   */
  constructor(
    private readonly blocks: ReadBlocks,
    private readonly sizes = { tailBytes: TAIL_BYTES, wholeBytesMax: WHOLE_FILE_BYTES_MAX },
  ) {}

  /** @throws CorruptData, or BlockNotFound */
  async open(address: BlockAddress, estimatedBytes: number): Promise<OpenTable> {
    // The estimate lies a little below the size; a wrong one costs a read and nothing else.
    if (estimatedBytes <= this.sizes.wholeBytesMax / 2) {
      const { sizeBytes } = await this.#head(address);
      if (sizeBytes <= this.sizes.wholeBytesMax)
        return this.openWhole(address, await this.whole(address));
    }
    return this.#openTail(address);
  }

  /** Opens a file of which the bytes are at hand. @throws CorruptData */
  openWhole(address: BlockAddress, bytes: Uint8Array): OpenTable {
    const tail = { fileBytes: bytes.length, bytes };
    const layout = inFile(fileName(address), () => readLayout(tail));
    return { address, layout, whole: bytes.length <= this.sizes.wholeBytesMax ? bytes : undefined };
  }

  /** As `openWhole` of a small file that is sure to be right; it is read when it is looked at. */
  openLater(address: BlockAddress, bytes: Uint8Array): OpenTable {
    let layout: TableLayout | undefined;
    return {
      address,
      whole: bytes,
      isAsWritten: true,
      get layout() {
        return (layout ??= readLayout({ fileBytes: bytes.length, bytes }));
      },
    };
  }

  /** @throws CorruptData  too large a file, or BlockNotFound */
  whole(address: BlockAddress): Promise<Uint8Array> {
    return this.blocks.getBytes(address, FILE_BYTES_MAX);
  }

  /** Returns bytes `start` … `end` (inclusive). @throws CorruptData  there are fewer */
  async bytes(address: BlockAddress, { start, end }: ByteRange): Promise<Uint8Array> {
    const wanted = Buffer.allocUnsafeSlow(end - start + 1);
    let length = 0;
    for await (const chunk of await this.blocks.get(address, { start, end })) {
      const bytes = chunk as Uint8Array;
      if (length + bytes.length > wanted.length) break;
      wanted.set(bytes, length);
      length += bytes.length;
    }
    if (length === wanted.length) return wanted;
    throw new CorruptData(`${fileName(address)}: ${length} bytes where ${wanted.length} must be`);
  }

  async #openTail(address: BlockAddress): Promise<OpenTable> {
    const { sizeBytes } = await this.#head(address);
    let from = Math.max(0, sizeBytes - this.sizes.tailBytes);
    for (let reads = 0; reads < TAIL_READS_MAX; reads++) {
      const tail = {
        fileBytes: sizeBytes,
        bytes: await this.bytes(address, { start: from, end: sizeBytes - 1 }),
      };
      const found = inFile(fileName(address), () => layoutOrMore(tail));
      if (typeof found !== 'number') {
        const whole = from === 0 && sizeBytes <= this.sizes.wholeBytesMax ? tail.bytes : undefined;
        return { address, layout: found, whole };
      }
      from = found;
    }
    throw new CorruptData(`${fileName(address)}: its parts are in no order of a table`);
  }

  async #head(address: BlockAddress): Promise<{ readonly sizeBytes: number }> {
    const found = await this.blocks.head(address);
    if (!found) throw new BlockNotFound(fileName(address));
    if (found.sizeBytes > 0 && found.sizeBytes <= FILE_BYTES_MAX) return found;
    throw new CorruptData(`${fileName(address)}: a table of ${found.sizeBytes} bytes`);
  }
}

function layoutOrMore(tail: FileTail): TableLayout | number {
  try {
    return readLayout(tail);
  } catch (error) {
    if (error instanceof TailTooShort) return error.fromOffset;
    throw error;
  }
}
