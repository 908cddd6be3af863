import { DIGEST_BYTES } from '../shared/content-hash.js';
import { ByteWriter, uvarintLength } from './byte-writer.js';
import type { Slice } from './slice.js';

/** What a range's record holds of an entry. */
export interface EncodedEntry {
  readonly identity: Slice;
  readonly data: Slice;
  /** Both, as `writeValue` writes them. */
  readonly value: Slice;
}

/** Before an identity, and before data: their lengths. */
const IDENTITY_HEAD = DIGEST_BYTES * 2;
const DATA_HEAD_BYTES_MAX = 10;
const HEAD_BYTES_MAX = 1 + DIGEST_BYTES + DATA_HEAD_BYTES_MAX;

/**
 * Builds values of records in place: the data first, for which room is left before it, then its
 * length, then the identity, which is made of it. What it holds is valid until the next one.
 */
export class RecordValue implements EncodedEntry {
  readonly identity = emptySlice();
  readonly data = emptySlice();
  readonly value = emptySlice();
  readonly #out = new ByteWriter(1024);

  /** Returns where the data is to be written. */
  begin(): ByteWriter {
    this.#out.reset(HEAD_BYTES_MAX);
    return this.#out;
  }

  /** Writes all but the identity, of which the place is set then. Returns the buffer. */
  end(): Buffer {
    const out = this.#out;
    const end = out.length;
    const dataHead = (end - HEAD_BYTES_MAX) * 2;
    const identityEnd = HEAD_BYTES_MAX - uvarintLength(dataHead);
    out.reset(identityEnd);
    out.uvarint(dataHead);
    out.reset(end);
    const bytes = out.buffer;
    const identityStart = identityEnd - DIGEST_BYTES;
    bytes[identityStart - 1] = IDENTITY_HEAD;
    setSlice(this.identity, bytes, identityStart, identityEnd);
    setSlice(this.data, bytes, HEAD_BYTES_MAX, end);
    setSlice(this.value, bytes, identityStart - 1, end);
    return bytes;
  }
}

const emptySlice = (): Slice => ({ bytes: new Uint8Array(), start: 0, end: 0 });

function setSlice(slice: Slice, bytes: Uint8Array, start: number, end: number): void {
  slice.bytes = bytes;
  slice.start = start;
  slice.end = end;
}
