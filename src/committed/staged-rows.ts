// Changes as the views hold them: packed rows of a path and an entry as JSON, `null` for a
// tombstone.
import type { ObjectEntry } from '../domain/model.js';
import { PackedRows } from '../shared/packed-rows.js';
import { ByteWriter } from './byte-writer.js';
import { identityOfData, identityOfPlain, writeEntry, writePlainEntry } from './entry-codec.js';
import { PlainEntryReader } from './plain-entry.js';
import type { Slice } from './slice.js';

const NULL_LENGTH = 'null'.length;
const SMALL_N = 0x6e;

/** Whether the row is a tombstone. */
export const isTombstone = ({ bytes, valueStart, rowEnd }: PackedRows): boolean =>
  rowEnd - valueStart === NULL_LENGTH && bytes[valueStart] === SMALL_N;

/** What a range's record holds of an entry. */
export interface EncodedEntry {
  readonly identity: Uint8Array;
  readonly data: Slice;
}

/** Reads rows one after the other, each to what a record of a range holds. */
export class StagedRowReader {
  readonly #plain = new PlainEntryReader();
  readonly #out = new ByteWriter(1024);
  readonly #key: Slice = { bytes: new Uint8Array(), start: 0, end: 0 };
  readonly #data: Slice = { bytes: new Uint8Array(), start: 0, end: 0 };

  /** Calls `visit` with each row's key and entry; both valid during the call. */
  forEach(packed: Uint8Array, visit: (key: Slice, entry: EncodedEntry | undefined) => void): void {
    const { buffer, byteOffset, byteLength } = packed;
    const rows = new PackedRows(Buffer.from(buffer, byteOffset, byteLength));
    const key = this.#key;
    key.bytes = rows.bytes;
    while (rows.next()) {
      key.start = rows.keyStart;
      key.end = rows.keyEnd;
      visit(key, isTombstone(rows) ? undefined : this.#encode(rows));
    }
  }

  #encode(rows: PackedRows): EncodedEntry {
    const out = this.#out;
    out.reset();
    if (this.#plain.read(rows.bytes, rows.valueStart, rows.rowEnd)) {
      writePlainEntry(out, this.#plain.entry);
      return { identity: identityOfPlain(this.#plain.entry), data: this.#written() };
    }
    writeEntry(out, JSON.parse(rows.valueText()) as ObjectEntry);
    const data = this.#written();
    return { identity: identityOfData(data), data };
  }

  #written(): Slice {
    this.#data.bytes = this.#out.buffer;
    this.#data.end = this.#out.length;
    return this.#data;
  }
}
