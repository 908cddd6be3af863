import type { Duplex } from 'node:stream';
import type { KvRow } from '../ports/kv-store.js';
import { assert } from '../shared/assert.js';
import { tapData } from './tap-data.js';

/** By ordinal, what each read found. */
export type FoundRows = readonly KvRow[][];

/**
 * Takes the rows of the views out of what a server sends on a connection, in binary, while a read
 * is under way there; all else the driver hears as ever. The driver would make a text of each
 * field, of bytes one of twice their length.
 *
 * Rows here are many and small. Large ones are for row-tap.ts.
 */
export class ReadTap {
  /** Of the read that is under way. */
  #found: FoundRows | undefined;
  #fault: unknown;
  /** The beginning of a message whose rest is still to come. */
  #rest: Buffer | undefined;

  /** @param driver  takes what is not a row */
  private constructor(private readonly driver: (bytes: Buffer) => void) {}

  /** Puts itself between a stream and the one who listens to its data. */
  static on(stream: Duplex): ReadTap {
    return tapData(stream, (driver) => new ReadTap(driver));
  }

  /** From here on, until the server is ready again, rows are those of this read. */
  begin(found: FoundRows): void {
    this.#found = found;
    this.#fault = undefined;
  }

  /** What was wrong with a row of this read; thrown where it came, it would end the process. */
  get fault(): unknown {
    return this.#fault;
  }

  hear(chunk: Buffer): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    let at = 0;
    let passFrom = 0;
    while (at + HEAD_BYTES <= bytes.length) {
      const end = at + 1 + bytes.readUInt32BE(at + 1);
      if (end > bytes.length) break;
      const kind = bytes[at];
      if (kind === ROW && this.#found) {
        this.#pass(bytes, passFrom, at);
        this.#take(bytes, at + HEAD_BYTES);
        passFrom = end;
      } else if (kind === READY) this.#found = undefined;
      at = end;
    }
    this.#rest = at < bytes.length ? bytes.subarray(at) : undefined;
    this.#pass(bytes, passFrom, at);
  }

  #pass(bytes: Buffer, from: number, until: number): void {
    if (from < until) this.driver(bytes.subarray(from, until));
  }

  #take(bytes: Buffer, at: number): void {
    try {
      takeRow(bytes, at, this.#found ?? []);
    } catch (error) {
      this.#fault ??= error;
    }
  }
}

/** Reads a row of kv-statements.ts's five columns; its key and value get memory of their own. */
function takeRow(bytes: Buffer, from: number, found: FoundRows): void {
  assert(bytes.readUInt16BE(from) === COLUMNS, 'a row of a view has five columns');
  const ordinal = from + COUNT_BYTES + LENGTH_BYTES;
  const into = found[bytes.readInt32BE(ordinal)];
  const key = ordinal + 4 + LENGTH_BYTES;
  const keyBytes = bytes.readInt32BE(key - LENGTH_BYTES);
  const value = key + keyBytes + LENGTH_BYTES;
  const valueBytes = bytes.readInt32BE(value - LENGTH_BYTES);
  const schema = value + valueBytes + LENGTH_BYTES;
  const version = schema + 2 + LENGTH_BYTES;
  assert(into && keyBytes >= 0 && valueBytes >= 0, 'a row belongs to a read');
  const own = Buffer.allocUnsafe(keyBytes + valueBytes);
  bytes.copy(own, 0, key, key + keyBytes);
  bytes.copy(own, keyBytes, value, value + valueBytes);
  into.push({
    key: own.subarray(0, keyBytes),
    value: own.subarray(keyBytes),
    schema: bytes.readInt16BE(schema),
    version: String(bytes.readUInt32BE(version) * TWO_32 + bytes.readUInt32BE(version + 4)),
  });
}

const ROW = 'D'.charCodeAt(0);
const READY = 'Z'.charCodeAt(0);
/** The kind of a message, and its length with the four bytes of that. */
const HEAD_BYTES = 5;
const LENGTH_BYTES = 4;
const COUNT_BYTES = 2;
const COLUMNS = 5;
const TWO_32 = 2 ** 32;
