import type { Duplex } from 'node:stream';
import { tapData } from './tap-data.js';

/** The fields of a row as they were sent: in binary, where that was asked for. */
export type RawRow = readonly (Buffer | null)[];

const ROW = 0x44;
/** The kind of a message, and its length with the four bytes of that. */
const HEAD_BYTES = 5;
const LENGTH_BYTES = 4;
const COUNT_BYTES = 2;

/**
 * Takes the rows out of what a server sends on a connection; all else the driver hears as ever.
 * The driver makes texts of fields, copy by copy, which of large ones is more work than to read
 * them. Here a field is copied once, into memory of its own that can be given away.
 *
 * It is laid on a connection that is idle, and stays there.
 */
export class RowTap {
  #rows: RawRow[] = [];
  #fields: (Buffer | null)[] = [];
  #fieldCount = 0;
  /** What is being filled, how far it is, and what is done with it then. */
  #bytes: Buffer = Buffer.allocUnsafe(HEAD_BYTES);
  #have = 0;
  #whenFull: () => void = this.#head;

  /** @param driver  takes what is not a row */
  private constructor(private readonly driver: (bytes: Buffer) => void) {}

  /** Puts itself between a stream and the one who listens to its data. */
  static on(stream: Duplex): RowTap {
    return tapData(stream, (driver) => new RowTap(driver));
  }

  /** Returns the rows that came since it was last asked. */
  take(): readonly RawRow[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  hear(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      const count = Math.min(chunk.length - at, this.#bytes.length - this.#have);
      chunk.copy(this.#bytes, this.#have, at, at + count);
      at += count;
      this.#have += count;
      while (this.#have === this.#bytes.length) this.#whenFull();
    }
  }

  #fill(bytes: Buffer, whenFull: () => void, have = 0): void {
    this.#bytes = bytes;
    this.#have = have;
    this.#whenFull = whenFull;
  }

  #head(): void {
    const length = this.#bytes.readUInt32BE(1);
    if (this.#bytes[0] === ROW) {
      this.#fill(Buffer.allocUnsafe(COUNT_BYTES), this.#count);
      return;
    }
    const message = Buffer.allocUnsafe(1 + length);
    this.#bytes.copy(message);
    this.#fill(message, this.#message, HEAD_BYTES);
  }

  #message(): void {
    const message = this.#bytes;
    this.#next();
    this.driver(message);
  }

  #next(): void {
    this.#fill(Buffer.allocUnsafe(HEAD_BYTES), this.#head);
  }

  #count(): void {
    this.#fields = [];
    this.#fieldCount = this.#bytes.readUInt16BE(0);
    this.#nextField();
  }

  #nextField(): void {
    if (this.#fields.length < this.#fieldCount) {
      this.#fill(Buffer.allocUnsafe(LENGTH_BYTES), this.#length);
      return;
    }
    this.#rows.push(this.#fields);
    this.#next();
  }

  #length(): void {
    const length = this.#bytes.readInt32BE(0);
    if (length >= 0) {
      this.#fill(Buffer.allocUnsafeSlow(length), this.#field);
      return;
    }
    this.#fields.push(null);
    this.#nextField();
  }

  #field(): void {
    this.#fields.push(this.#bytes);
    this.#nextField();
  }
}
