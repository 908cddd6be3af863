import type { ObjectEntry, ObjectPath, StorageNamespace } from '../domain/model.js';
import type { CommittedObject } from '../ports/committed-store.js';
import { CorruptData } from '../ports/store-errors.js';
import { BlockObjects, type BlockScan } from './block-objects.js';
import type { WalkedFiles } from './block-walk.js';
import { ByteCache, SharedLoads, type CacheCounts } from './byte-cache.js';
import { inFile } from './corrupt.js';
import { textOf } from './entry-fields.js';
import type { RangeRecord } from './range-codec.js';
import { sliceOf, type Slice } from './slice.js';
import { BlockCursor } from './sstable/block-cursor.js';
import { BLOCK_TRAILER_BYTES, openStoredBlock } from './sstable/stored-block.js';
import { storedIn } from './sstable/table-layout.js';
import type { BoundedFile } from './table-cursor.js';
import {
  fileName,
  tableAddress,
  TableFiles,
  WHOLE_FILE_BYTES_MAX,
  type OpenTable,
} from './table-files.js';
import { nextTurn, TURN_RECORDS_MAX } from './turn.js';

interface KeptTable {
  readonly open: OpenTable;
  /** Stands for the file in the keys of its blocks. */
  readonly serial: number;
}

// A table of 256 MiB has fewer blocks than that.
const BLOCKS_PER_TABLE_MAX = 2 ** 26;
// What a scan reads at once of a file that is not kept as a whole.
const READ_AHEAD_BYTES = 256 * 1024;
const TABLE_BYTES_OVERHEAD = 4096;
const BLOCK_BYTES_OVERHEAD = 200;

/** Finds objects in ranges. Keeps indexes, small files and uncompressed blocks, within bounds. */
export class RangeReader {
  readonly #tables: ByteCache<string, KeptTable>;
  readonly #blocks: ByteCache<number, Buffer>;
  readonly #loads = new SharedLoads<KeptTable>();
  readonly #objects: BlockObjects;
  #serial = 0;

  constructor(
    private readonly files: TableFiles,
    limits: {
      readonly tableBytesMax: number;
      readonly blockBytesMax: number;
      readonly objectBytesMax: number;
    },
  ) {
    this.#tables = new ByteCache(limits.tableBytesMax, ({ open }) => {
      // The index of a whole file is read when it is needed, and small beside the file.
      return TABLE_BYTES_OVERHEAD + (open.whole?.length ?? open.layout.index.memoryBytes);
    });
    this.#blocks = new ByteCache(limits.blockBytesMax, (block) => {
      return BLOCK_BYTES_OVERHEAD + block.length;
    });
    this.#objects = new BlockObjects(new BlockCursor('record'), limits.objectBytesMax);
  }

  get counts(): Readonly<Record<'tables' | 'blocks' | 'objects', CacheCounts>> {
    const objects = this.#objects.counts;
    return { tables: this.#tables.counts, blocks: this.#blocks.counts, objects };
  }

  /** @throws CorruptData, or BlockNotFound */
  async get(
    namespace: StorageNamespace,
    range: RangeRecord,
    key: Slice,
  ): Promise<ObjectEntry | undefined> {
    const table = this.#kept(namespace, range) ?? (await this.#open(namespace, range));
    const block = table.open.layout.index.find(key);
    if (block >= table.open.layout.index.blockCount) return undefined;
    const payload = this.#blockKept(table, block) ?? (await this.#load(table, block, 1));
    return inFile(fileName(table.open.address), () =>
      this.#objects.get(serialOf(table, block), payload, key),
    );
  }

  /** Appends what is wanted to `found`, in order. @throws CorruptData, or BlockNotFound */
  async scan(
    namespace: StorageNamespace,
    range: RangeRecord,
    wanted: BlockScan,
    found: CommittedObject[],
  ): Promise<void> {
    const table = this.#kept(namespace, range) ?? (await this.#open(namespace, range));
    const { index } = table.open.layout;
    let turnAt = found.length + TURN_RECORDS_MAX;
    for (let block = index.find(wanted.from); block < index.blockCount; block++) {
      if (found.length >= wanted.limit) return;
      const payload =
        this.#blockKept(table, block) ?? (await this.#load(table, block, READ_AHEAD_BYTES));
      const isOver = inFile(fileName(table.open.address), () =>
        this.#objects.scan(serialOf(table, block), payload, wanted, found),
      );
      if (isOver) return;
      if (found.length < turnAt) continue;
      await nextTurn();
      turnAt = found.length + TURN_RECORDS_MAX;
    }
  }

  /** Keeps a small file that was just written, and so is sure to be right. */
  remember(namespace: StorageNamespace, id: string, file: Uint8Array): void {
    if (file.length > WHOLE_FILE_BYTES_MAX) return;
    this.#keep(this.files.openLater(tableAddress(namespace, id), file));
  }

  /** Gives files to who walks blocks as they lie there. */
  walked(namespace: StorageNamespace): WalkedFiles {
    return {
      open: async (range) => {
        return (this.#kept(namespace, range) ?? (await this.#open(namespace, range))).open;
      },
      bytes: ({ address }, start, end) => this.files.bytes(address, { start, end }),
    };
  }

  /**
   * Returns a whole range file, whether nobody but the caller has its bytes, and whether they are
   * what was written here.
   *
   * @throws CorruptData, or BlockNotFound
   */
  async file(
    namespace: StorageNamespace,
    range: RangeRecord,
  ): Promise<Pick<BoundedFile, 'file' | 'mayBeGivenAway'> & { readonly isAsWritten: boolean }> {
    const { whole, isAsWritten = false } = this.#kept(namespace, range)?.open ?? {};
    if (whole) return { file: whole, mayBeGivenAway: false, isAsWritten };
    const file = await this.files.whole(tableAddress(namespace, range.id));
    return { file, mayBeGivenAway: true, isAsWritten: false };
  }

  #kept(namespace: StorageNamespace, range: RangeRecord): KeptTable | undefined {
    return this.#tables.get(`${namespace}/_lakefs/${range.id}`);
  }

  #open(namespace: StorageNamespace, range: RangeRecord): Promise<KeptTable> {
    const address = tableAddress(namespace, range.id);
    return this.#loads.load(fileName(address), async () => {
      return this.#keep(await this.files.open(address, range.estimatedBytes));
    });
  }

  #keep(table: OpenTable): KeptTable {
    const kept = { open: table, serial: ++this.#serial };
    this.#tables.set(fileName(table.address), kept);
    return kept;
  }

  #blockKept(table: KeptTable, block: number): Buffer | undefined {
    return this.#blocks.get(serialOf(table, block));
  }

  /** Loads a block, and those after it that lie within `aheadBytes`. @returns the first */
  async #load(table: KeptTable, first: number, aheadBytes: number): Promise<Buffer> {
    const { index } = table.open.layout;
    if (table.open.whole) {
      const tail = { fileBytes: table.open.whole.length, bytes: table.open.whole };
      const stored = storedIn(tail, index.handle(first));
      return this.#uncompress(table, first, stored);
    }
    const { offset, length } = index.handle(first);
    let last = first;
    let end = offset + length + BLOCK_TRAILER_BYTES;
    for (let next = first + 1; next < index.blockCount; next++) {
      const handle = index.handle(next);
      const nextEnd = handle.offset + handle.length + BLOCK_TRAILER_BYTES;
      if (handle.offset !== end || nextEnd - offset > aheadBytes) break;
      last = next;
      end = nextEnd;
    }
    const bytes = await this.files.bytes(table.open.address, { start: offset, end: end - 1 });
    for (let block = last; block > first; block--) this.#uncompressIn(table, block, bytes, offset);
    return this.#uncompressIn(table, first, bytes, offset);
  }

  #uncompressIn(table: KeptTable, block: number, bytes: Uint8Array, from: number): Buffer {
    const { offset, length } = table.open.layout.index.handle(block);
    const start = offset - from;
    return this.#uncompress(
      table,
      block,
      bytes.subarray(start, start + length + BLOCK_TRAILER_BYTES),
    );
  }

  #uncompress(table: KeptTable, block: number, stored: Uint8Array): Buffer {
    const payload = inFile(fileName(table.open.address), () => openStoredBlock(stored));
    // A raw block is a view of what was read, and would keep all of that in memory.
    const own = payload.buffer === stored.buffer ? Buffer.from(payload) : payload;
    this.#blocks.set(serialOf(table, block), own);
    return own;
  }
}

function serialOf({ serial }: KeptTable, block: number): number {
  return serial * BLOCKS_PER_TABLE_MAX + block;
}

/** Returns a record's path. @throws CorruptData  it is none */
export function pathOf(key: Slice): ObjectPath {
  const path = textOf(key);
  if (path === '') throw new CorruptData('an object has no path');
  return path as ObjectPath;
}

/** Returns a path's key. */
export const keyOf = (path: ObjectPath): Slice => sliceOf(Buffer.from(path));
