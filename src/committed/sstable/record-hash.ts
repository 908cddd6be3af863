import type { Hash } from 'node:crypto';
import { ByteWriter } from '../byte-writer.js';
import type { Slice } from '../slice.js';

const BAR = 0x7c;
const ZERO = 0x30;
// A call of the digest costs as much as hashing some kilobytes.
const BUFFER_BYTES = 32 * 1024;

/** Writes what a table's id takes of a record: both lengths in decimal, a bar after each part. */
export function writeHashForm(out: ByteWriter, key: Slice, value: Slice): void {
  decimal(out, key.end - key.start);
  out.slice(key);
  out.byte(BAR);
  decimal(out, value.end - value.start);
  out.slice(value);
  out.byte(BAR);
}

// Lengths are below 2³¹, and whole numbers are divided quicker than others.
function decimal(out: ByteWriter, value: number): void {
  const tenth = (value / 10) | 0;
  if (tenth > 0) decimal(out, tenth);
  out.byte(ZERO + value - tenth * 10);
}

/** Hashes records into a table's id. */
export class RecordHash {
  readonly #buffer = new ByteWriter(4096);

  constructor(private hash: Hash) {}

  /** Begins anew, with another digest, and keeps the memory. */
  reset(hash: Hash): void {
    this.hash = hash;
    this.#buffer.reset();
  }

  add(key: Slice, value: Slice): void {
    writeHashForm(this.#buffer, key, value);
    if (this.#buffer.length >= BUFFER_BYTES) this.#flush();
  }

  /** Adds records in the form that `writeHashForm` gives them. */
  addEncoded(bytes: Uint8Array): void {
    this.#flush();
    this.hash.update(bytes);
  }

  /** Returns the id, 64 lower-case hex digits. @param properties  a map in identity encoding */
  finish(properties: Uint8Array): string {
    this.#flush();
    return this.hash.update(properties).digest('hex');
  }

  #flush(): void {
    if (this.#buffer.length > 0) this.hash.update(this.#buffer.view());
    this.#buffer.reset();
  }
}
