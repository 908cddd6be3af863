// Changes as the views hold them: packed rows of a path and an entry as JSON, `null` for a
// tombstone.
import type { ObjectEntry } from '../domain/model.js';
import { PackedRows } from '../shared/packed-rows.js';
import {
  writeEntry,
  writeIdentityOfData,
  writeIdentityOfPlain,
  writePlainEntry,
} from './entry-codec.js';
import { PlainEntryReader } from './plain-entry.js';
import { RecordValue, type EncodedEntry } from './record-value.js';
import type { Slice } from './slice.js';

const NULL_LENGTH = 'null'.length;
const SMALL_N = 0x6e;

/** Whether the row is a tombstone. */
export const isTombstone = ({ bytes, valueStart, rowEnd }: PackedRows): boolean =>
  rowEnd - valueStart === NULL_LENGTH && bytes[valueStart] === SMALL_N;

/** Reads rows one after the other, each to what a record of a range holds. */
export class StagedRowReader {
  readonly #plain = new PlainEntryReader();
  readonly #value = new RecordValue();
  readonly #key: Slice = { bytes: new Uint8Array(), start: 0, end: 0 };

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
    const value = this.#value;
    const { identity } = value;
    if (this.#plain.read(rows.bytes, rows.valueStart, rows.rowEnd)) {
      writePlainEntry(value.begin(), this.#plain.entry);
      const bytes = value.end();
      writeIdentityOfPlain(this.#plain.entry, bytes, identity.start);
      return value;
    }
    writeEntry(value.begin(), JSON.parse(rows.valueText()) as ObjectEntry);
    const bytes = value.end();
    writeIdentityOfData(value.data, bytes, identity.start);
    return value;
  }
}
