// An object's entry as a range keeps it.
//
//   value  = zigzag(len identity) identity zigzag(len data) data
//   data   = protobuf catalog.Entry: 1 address, 2 last_modified {1 seconds, 2 nanos}, 3 size,
//            4 e_tag, 5 metadata map, 6 address_type, 7 content_type
//
// Fields go in the order of their numbers, zero values are left out; the time is always there,
// and a map entry always has both its fields. Metadata keys ascend as bytes, so that equal
// entries give equal bytes (the format's first writer leaves that order to chance).
import type { Metadata, ObjectEntry } from '../domain/model.js';
import { CorruptData } from '../ports/store-errors.js';
import { compareUtf8 } from '../shared/bytes.js';
import { ContentHash, type BytePair } from '../shared/content-hash.js';
import type { ByteWriter } from './byte-writer.js';
import { readEntryFields, textOf, type EntryFields } from './entry-fields.js';
import type { PlainEntry } from './plain-entry.js';
import { viewOf, type Slice } from './slice.js';

const RELATIVE = 1;
const FULL = 2;

// Entries of very old commits say nothing; there a known scheme meant a full address.
const FULL_PREFIX = /^(?:s3|gs|https?|mem|local|transient|abfss?|wasbs?|adl):\/\//;

/**
 * Writes an entry's data.
 *
 * @param nanosBelowMs  0 … 999,999, on top of `modifiedAtMs`
 */
export function writeEntry(out: ByteWriter, entry: ObjectEntry, nanosBelowMs = 0): void {
  if (entry.address !== '') {
    out.byte(0x0a);
    out.sizedText(entry.address);
  }
  writeTime(out, entry.modifiedAtMs, nanosBelowMs);
  if (entry.sizeBytes !== 0) {
    out.byte(0x18);
    out.uvarint(entry.sizeBytes);
  }
  if (entry.checksum !== '') {
    out.byte(0x22);
    out.sizedText(entry.checksum);
  }
  for (const [key, value] of sortedByKey(entry.metadata)) {
    out.byte(0x2a);
    const start = out.length;
    out.byte(0x0a);
    out.sizedText(key);
    out.byte(0x12);
    out.sizedText(value);
    out.sizeFrom(start);
  }
  out.byte(0x30);
  out.byte(entry.addressType === 'full' ? FULL : RELATIVE);
  if (entry.contentType !== '') {
    out.byte(0x3a);
    out.sizedText(entry.contentType);
  }
}

/** Writes what `writeEntry` writes of an entry without metadata. */
export function writePlainEntry(out: ByteWriter, entry: PlainEntry): void {
  writeSized(out, 0x0a, entry.address);
  writeTime(out, entry.modifiedAtMs, 0);
  if (entry.sizeBytes !== 0) {
    out.byte(0x18);
    out.uvarint(entry.sizeBytes);
  }
  writeSized(out, 0x22, entry.checksum);
  out.byte(0x30);
  out.byte(entry.isFull ? FULL : RELATIVE);
  writeSized(out, 0x3a, entry.contentType);
}

function writeSized(out: ByteWriter, tag: number, text: Slice): void {
  const length = text.end - text.start;
  if (length === 0) return;
  out.byte(tag);
  out.uvarint(length);
  out.slice(text);
}

function writeTime(out: ByteWriter, atMs: number, nanosBelowMs: number): void {
  const seconds = Math.floor(atMs / 1000);
  const nanos = Math.round((atMs - seconds * 1000) * 1_000_000) + nanosBelowMs;
  out.byte(0x12);
  // Its length, which is always of one byte.
  out.byte(0);
  const start = out.length;
  if (seconds !== 0) {
    out.byte(0x08);
    out.uvarint(seconds);
  }
  if (nanos !== 0) {
    out.byte(0x10);
    out.uvarint(nanos);
  }
  out.buffer[start - 1] = out.length - start;
}

function sortedByKey(metadata: Metadata): Metadata {
  return metadata.length > 1 ? metadata.toSorted(([a], [b]) => compareUtf8(a, b)) : metadata;
}

/**
 * Returns the entry of a range record's data.
 *
 * @throws CorruptData  it is no protobuf, its texts are no UTF-8, its numbers no sizes and times
 */
export function decodeEntry(data: Slice): ObjectEntry {
  const fields = readEntryFields(data);
  const address = textOf(fields.address);
  if (fields.sizeBytes < 0) throw new CorruptData('an entry has a negative size');
  return {
    address,
    addressType: addressTypeOf(fields, address),
    checksum: textOf(fields.checksum),
    sizeBytes: fields.sizeBytes,
    modifiedAtMs: fields.seconds * 1000 + Math.floor(fields.nanos / 1_000_000),
    contentType: textOf(fields.contentType),
    metadata: metadataOf(fields),
  };
}

function addressTypeOf({ addressType }: EntryFields, address: string): 'relative' | 'full' {
  if (addressType === RELATIVE) return 'relative';
  if (addressType === FULL) return 'full';
  if (addressType === 0) return FULL_PREFIX.test(address) ? 'full' : 'relative';
  throw new CorruptData(`an entry has the unknown address type ${addressType}`);
}

function metadataOf(fields: EntryFields): Metadata {
  if (fields.metadata.length === 0) return [];
  // As a protobuf map is read: of two values of one key the later holds.
  const pairs = new Map(fields.metadata.map(({ key, value }) => [textOf(key), textOf(value)]));
  return sortedByKey([...pairs]);
}

/** Returns an entry's identity, 32 bytes: what it holds, not where it lies nor since when. */
export function identityOf(entry: ObjectEntry): Uint8Array {
  const hash = new ContentHash()
    .int64(entry.sizeBytes)
    .text(entry.checksum)
    .textMap(entry.metadata);
  if (entry.contentType !== '') hash.text(entry.contentType);
  return hash.digest();
}

const scratch = new ContentHash();

/** Writes the identity of data, as `writeEntry` wrote it, at `at`. @throws CorruptData */
export function writeIdentityOfData(data: Slice, out: Buffer, at: number): void {
  const fields = readEntryFields(data);
  const hash = scratch.reset().int64(fields.sizeBytes).textBytes(viewOf(fields.checksum));
  hash.byteMap(fields.metadata.map(({ key, value }) => [viewOf(key), viewOf(value)]));
  const { start, end } = fields.contentType;
  if (start !== end) hash.textBytes(viewOf(fields.contentType));
  hash.digestInto(out, at);
}

/** Writes the identity of an entry without metadata at `at`. */
export function writeIdentityOfPlain(entry: PlainEntry, out: Buffer, at: number): void {
  const { sizeBytes, checksum, contentType } = entry;
  const hash = scratch.reset().int64(sizeBytes);
  hash.textPart(checksum.bytes, checksum.start, checksum.end).byteMap(NO_METADATA);
  const { bytes, start, end } = contentType;
  if (start !== end) hash.textPart(bytes, start, end);
  hash.digestInto(out, at);
}

const NO_METADATA: readonly BytePair[] = [];
