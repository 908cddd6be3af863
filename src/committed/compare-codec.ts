// Cells and differences on their way between threads, packed: a buffer each for thousands of parts.
import { CorruptData } from '../ports/store-errors.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import type { Cell, CellBounds, NamedBlock, TakeDifference } from './compare-blocks.js';
import { viewOf, type Slice } from './slice.js';

export interface CellBatch extends CellBounds {
  /** As `CellWriter` packs them. */
  readonly cells: Uint8Array;
  /** Of the files, by the numbers that the cells have. */
  readonly names: readonly string[];
}

const emptySlice = (): Slice => ({ bytes: new Uint8Array(), start: 0, end: 0 });

/** Writes a part with its length; one more than it is, and 0 for none. */
function addPart(out: ByteWriter, part: Uint8Array | undefined): void {
  out.uvarint(part ? part.length + 1 : 0);
  if (part) out.bytes(part);
}

function readPart(reader: ByteReader, part: Slice): Slice | undefined {
  const length = reader.uvarint();
  return length === 0 ? undefined : reader.part(length - 1, part);
}

/** Packs cells: end, after, left and right, and a name's number before each side that is there. */
export class CellWriter {
  readonly #out = new ByteWriter(64 * 1024);
  #names = new Map<string, number>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add({ left, right, after, end }: Cell): void {
    addPart(this.#out, end);
    addPart(this.#out, after);
    for (const side of [left, right]) {
      addPart(this.#out, side?.bytes);
      if (side) this.#out.uvarint(this.#numberOf(side.name));
    }
    this.#count++;
  }

  /** Returns what was added, and begins anew. */
  take(): Pick<CellBatch, 'cells' | 'names'> {
    const taken = { cells: this.#out.toBytes(), names: [...this.#names.keys()] };
    this.#out.reset();
    this.#names = new Map();
    this.#count = 0;
    return taken;
  }

  #numberOf(name: string): number {
    const number = this.#names.get(name) ?? this.#names.size;
    this.#names.set(name, number);
    return number;
  }
}

/** Yields packed cells; their bytes are parts of the batch. */
export function* cellsOf({ cells, names }: CellBatch): Generator<Cell> {
  const reader = new ByteReader().set(cells, 0, cells.length);
  const next = (): Uint8Array | undefined => {
    const part = readPart(reader, emptySlice());
    return part && viewOf(part);
  };
  const side = (): NamedBlock | undefined => {
    const bytes = next();
    return bytes && { bytes, name: names[reader.uvarint()] ?? '' };
  };
  while (!reader.isAtEnd) {
    const end = next();
    if (!end) throw new CorruptData('a cell without an end');
    yield { end, after: next(), left: side(), right: side() };
  }
}

/** Packs differences: key, left and right. */
export class DifferenceWriter {
  readonly #out = new ByteWriter(4 * 1024);

  add(...parts: readonly (Slice | undefined)[]): void {
    for (const part of parts) {
      this.#out.uvarint(part ? part.end - part.start + 1 : 0);
      if (part) this.#out.slice(part);
    }
  }

  toBytes(): Uint8Array {
    return this.#out.toBytes();
  }
}

/** Reads packed differences. */
export class DifferenceReader {
  readonly #reader: ByteReader;
  readonly #key = emptySlice();
  readonly #left = emptySlice();
  readonly #right = emptySlice();

  constructor(bytes: Uint8Array) {
    this.#reader = new ByteReader().set(bytes, 0, bytes.length);
  }

  /** @returns whether there was one more, which was taken */
  next(take: TakeDifference): boolean {
    if (this.#reader.isAtEnd) return false;
    const key = readPart(this.#reader, this.#key);
    if (!key) throw new CorruptData('a difference without a key');
    take(key, readPart(this.#reader, this.#left), readPart(this.#reader, this.#right));
    return true;
  }
}
