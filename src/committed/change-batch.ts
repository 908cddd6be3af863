// Changes on their way to who builds ranges, which may be another thread:
//   uvarint(key length) key uvarint(data length + 1) data, and 0 for a tombstone; again and again
import type { StagedChange } from '../ports/committed-store.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { writeEntry } from './entry-codec.js';
import type { Slice } from './slice.js';

/** Collects changes, encoded. */
export class ChangeBatchWriter {
  readonly #out = new ByteWriter(4 * 1024);
  readonly #data = new ByteWriter(1024);
  readonly #key = new ByteWriter(1024);
  /** The key of the last change; valid until the next. */
  readonly key: Slice = { bytes: this.#key.buffer, start: 0, end: 0 };

  get length(): number {
    return this.#out.length;
  }

  /** Sets `key` to that of a change, which is to be added or held back. */
  begin({ path }: StagedChange): Slice {
    this.#key.reset();
    this.#key.text(path);
    this.key.bytes = this.#key.buffer;
    this.key.end = this.#key.length;
    return this.key;
  }

  /** Adds the change that was begun. */
  add({ entry }: StagedChange): void {
    this.#out.uvarint(this.#key.length);
    this.#out.slice(this.key);
    if (!entry) return this.#out.byte(0);
    this.#data.reset();
    writeEntry(this.#data, entry);
    this.#out.uvarint(this.#data.length + 1);
    this.#out.bytes(this.#data.view());
  }

  /** Returns what was collected, and begins anew. */
  take(): Uint8Array {
    const bytes = this.#out.toBytes();
    this.#out.reset();
    return bytes;
  }
}

const none = new Uint8Array();

/** Calls `visit` with each change's key and data; both valid during the call. */
export function forEachChange(
  batch: Uint8Array,
  visit: (key: Slice, data: Slice | undefined) => void,
): void {
  const reader = new ByteReader().set(batch, 0, batch.length);
  const key: Slice = { bytes: none, start: 0, end: 0 };
  const data: Slice = { bytes: none, start: 0, end: 0 };
  while (!reader.isAtEnd) {
    reader.part(reader.uvarint(), key);
    const length = reader.uvarint();
    visit(key, length === 0 ? undefined : reader.part(length - 1, data));
  }
}
