import type { ObjectEntry } from '../domain/model.js';
import { type CommittedObject, KeptObject } from '../ports/committed-store.js';
import { CorruptData } from '../ports/store-errors.js';
import { lowerBound } from '../shared/lower-bound.js';
import { ByteCache, type CacheCounts } from './byte-cache.js';
import { decodeEntry } from './entry-codec.js';
import { textOf } from './entry-fields.js';
import { compareSlices, sliceOf, type Slice } from './slice.js';
import type { BlockCursor } from './sstable/block-cursor.js';
import { emptyParts, readValue } from './value-codec.js';

/** What is wanted of a block. */
export interface BlockScan {
  /** Inclusive. */
  readonly from: Slice;
  /** Exclusive; undefined: to the end. */
  readonly until: Slice | undefined;
  readonly limit: number;
}

interface DecodedBlock {
  readonly keys: readonly Slice[];
  readonly objects: readonly CommittedObject[];
}

/** A block is decoded as a whole when it is scanned a second time, or looked into so often. */
const USES_MIN = 16;
const USES_OF_SCAN = 8;
/** Blocks whose uses are counted. */
const COUNTED_MAX = 8_192;
/**
 * What an object takes beside its bytes, each of which may be a character of two; half of it is for
 * what readers keep of an object for as long as it is kept here, as its text in a listing.
 */
const OBJECT_BYTES_OVERHEAD = 800;

/**
 * The objects of blocks. Of the blocks that are read again and again, each object is decoded once;
 * of the others, what is asked for.
 */
export class BlockObjects {
  readonly #decoded: ByteCache<number, DecodedBlock>;
  readonly #uses = new Map<number, number>();
  readonly #parts = emptyParts();

  /** @param cursor  opens payloads; nobody else may move it meanwhile */
  constructor(
    private readonly cursor: BlockCursor,
    bytesMax: number,
  ) {
    this.#decoded = new ByteCache(bytesMax, ({ keys, objects }) => {
      const bytes = keys.reduce((sum, { bytes: { length } }) => sum + 2 * length, 0);
      return bytes + objects.reduce((sum, { entry }) => sum + bytesOf(entry), 0);
    });
  }

  get counts(): CacheCounts {
    return this.#decoded.counts;
  }

  /** @param block  a number of the block's own, the same each time @throws CorruptData */
  get(block: number, payload: Buffer, key: Slice): ObjectEntry | undefined {
    const decoded = this.#of(block, payload, 1);
    if (decoded) {
      const at = firstAtOrBehind(decoded.keys, key);
      const found = decoded.keys[at];
      const isSame = found !== undefined && compareSlices(found, key) === 0;
      return isSame ? decoded.objects[at]?.entry : undefined;
    }
    const cursor = this.cursor.open(payload);
    if (!cursor.seek(key) || compareSlices(cursor.key, key) !== 0) return undefined;
    return decodeEntry(readValue(cursor.value, this.#parts).data);
  }

  /**
   * Appends what is wanted to `found`, in order.
   *
   * @returns whether nothing after this block is wanted
   * @throws CorruptData
   */
  scan(block: number, payload: Buffer, wanted: BlockScan, found: CommittedObject[]): boolean {
    const decoded = this.#of(block, payload, USES_OF_SCAN);
    if (decoded) return scanDecoded(decoded, wanted, found);
    const cursor = this.cursor.open(payload);
    for (let more = cursor.seek(wanted.from); more; more = cursor.next()) {
      if (found.length >= wanted.limit) return true;
      if (wanted.until && compareSlices(cursor.key, wanted.until) >= 0) return true;
      found.push(this.#object());
    }
    return false;
  }

  #of(block: number, payload: Buffer, uses: number): DecodedBlock | undefined {
    const count = (this.#uses.get(block) ?? 0) + uses;
    // One that was decoded stays counted as such until many others were looked at.
    if (count < USES_MIN) {
      if (this.#uses.size >= COUNTED_MAX) this.#uses.clear();
      this.#uses.set(block, count);
      return undefined;
    }
    const known = this.#decoded.get(block);
    if (known) return known;
    const decoded = this.#decode(payload);
    this.#decoded.set(block, decoded);
    this.#uses.set(block, USES_MIN);
    return decoded;
  }

  #decode(payload: Buffer): DecodedBlock {
    const keys: Slice[] = [];
    const objects: CommittedObject[] = [];
    const cursor = this.cursor.open(payload);
    while (cursor.next()) {
      const { bytes, start, end } = cursor.key;
      keys.push(sliceOf(Uint8Array.prototype.slice.call(bytes, start, end)));
      const { path, entry } = this.#object();
      objects.push(new KeptObject(path, entry));
    }
    return { keys, objects };
  }

  #object(): CommittedObject {
    const entry = decodeEntry(readValue(this.cursor.value, this.#parts).data);
    const path = textOf(this.cursor.key);
    if (path === '') throw new CorruptData('an object has no path');
    return { path: path as CommittedObject['path'], entry };
  }
}

function scanDecoded(
  { keys, objects }: DecodedBlock,
  { from, until, limit }: BlockScan,
  found: CommittedObject[],
): boolean {
  for (let at = firstAtOrBehind(keys, from); at < keys.length; at++) {
    const [key, object] = [keys[at], objects[at]];
    if (found.length >= limit) return true;
    if (key && until && compareSlices(key, until) >= 0) return true;
    if (object) found.push(object);
  }
  return false;
}

function firstAtOrBehind(keys: readonly Slice[], key: Slice): number {
  return lowerBound({ to: keys.length }, (place) => {
    const at = keys[place];
    return at !== undefined && compareSlices(at, key) < 0;
  });
}

function bytesOf({ address, checksum, contentType, metadata }: ObjectEntry): number {
  const pairs = metadata.reduce((sum, [key, value]) => sum + key.length + value.length + 100, 0);
  const characters = address.length + checksum.length + contentType.length + pairs;
  return OBJECT_BYTES_OVERHEAD + 2 * characters;
}
