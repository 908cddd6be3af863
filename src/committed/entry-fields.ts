import { CorruptData } from '../ports/store-errors.js';
import { ByteReader } from './byte-reader.js';
import { viewOf, type Slice } from './slice.js';

export interface MetadataField {
  readonly key: Slice;
  readonly value: Slice;
}

/** An entry's protobuf fields, texts still as bytes. Absent ones are empty or 0. */
export interface EntryFields {
  readonly address: Slice;
  readonly checksum: Slice;
  readonly contentType: Slice;
  readonly metadata: MetadataField[];
  seconds: number;
  nanos: number;
  sizeBytes: number;
  addressType: number;
}

const none = new Uint8Array();
const emptySlice = (): Slice => ({ bytes: none, start: 0, end: 0 });
const VARINT = 0;
const SIZED = 2;
// More than any client can send in a request; a crafted entry of empty pairs ends here.
const METADATA_FIELDS_MAX = 100_000;

/** @throws CorruptData  it is no protobuf, or a field has another wire type than it must */
export function readEntryFields(data: Slice): EntryFields {
  const fields: EntryFields = {
    address: emptySlice(),
    checksum: emptySlice(),
    contentType: emptySlice(),
    metadata: [],
    seconds: 0,
    nanos: 0,
    sizeBytes: 0,
    addressType: 0,
  };
  outer.set(data.bytes, data.start, data.end);
  while (!outer.isAtEnd) readField(outer, fields);
  return fields;
}

// One message in another, no deeper, and never two at a time.
const outer = new ByteReader();
const inner = new ByteReader();
const message = emptySlice();

function readField(reader: ByteReader, fields: EntryFields): void {
  const tag = reader.uvarint();
  switch (tag) {
    case 0x0a:
      return readSized(reader, fields.address);
    case 0x12:
      return readTime(reader, fields);
    case 0x18:
      fields.sizeBytes = reader.int64();
      return;
    case 0x22:
      return readSized(reader, fields.checksum);
    case 0x2a:
      return readPair(reader, fields.metadata);
    case 0x30:
      fields.addressType = reader.int64();
      return;
    case 0x3a:
      return readSized(reader, fields.contentType);
    default:
      // Known numbers above; a field of a later version is passed over.
      if (tag >> 3 >= 1 && tag >> 3 <= 7) throw new CorruptData(`an entry's field has tag ${tag}`);
      skipField(reader, tag);
  }
}

function readSized(reader: ByteReader, part: Slice): void {
  reader.part(reader.uvarint(), part);
}

function readTime(reader: ByteReader, fields: EntryFields): void {
  reader.part(reader.uvarint(), message);
  inner.set(message.bytes, message.start, message.end);
  while (!inner.isAtEnd) {
    const tag = inner.uvarint();
    if (tag === 0x08) fields.seconds = inner.int64();
    else if (tag === 0x10) fields.nanos = inner.int64();
    else skipField(inner, tag);
  }
  // Protobuf's own bounds: the years 1 to 9999.
  const isTime =
    fields.seconds >= -62_135_596_800 &&
    fields.seconds <= 253_402_300_799 &&
    fields.nanos >= 0 &&
    fields.nanos <= 999_999_999;
  if (!isTime) throw new CorruptData('an entry has a time out of bounds');
}

function readPair(reader: ByteReader, pairs: MetadataField[]): void {
  if (pairs.length >= METADATA_FIELDS_MAX) throw new CorruptData('an entry has too much metadata');
  reader.part(reader.uvarint(), message);
  inner.set(message.bytes, message.start, message.end);
  const pair = { key: emptySlice(), value: emptySlice() };
  while (!inner.isAtEnd) {
    const tag = inner.uvarint();
    if (tag === 0x0a) readSized(inner, pair.key);
    else if (tag === 0x12) readSized(inner, pair.value);
    else skipField(inner, tag);
  }
  pairs.push(pair);
}

/** Passes over the value of a field that the reader does not know. @throws CorruptData */
export function skipField(reader: ByteReader, tag: number): void {
  const type = tag % 8;
  if (type === VARINT) {
    for (let byteCount = 0; reader.byte() >= 0x80; byteCount++) {
      if (byteCount >= 9) throw new CorruptData('a number is out of bounds');
    }
    return;
  }
  const fixed = type === 1 ? 8 : type === 5 ? 4 : undefined;
  if (tag < 8 || (type !== SIZED && fixed === undefined)) {
    throw new CorruptData(`a message has the unknown tag ${tag}`);
  }
  reader.part(fixed ?? reader.uvarint(), emptySlice());
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws CorruptData  the bytes are not UTF-8 */
export function textOf(slice: Slice): string {
  if (slice.start === slice.end) return '';
  const { bytes, start, end } = slice;
  const buffer = Buffer.isBuffer(bytes) ? bytes : asBuffer(bytes);
  const text = buffer.toString('utf8', start, end);
  // Where the quick decoder put U+FFFD, the strict one says whether it really stood there.
  return text.includes('\ufffd') ? strictText(viewOf(slice)) : text;
}

const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

function strictText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch (cause) {
    throw new CorruptData('a text is not UTF-8', { cause });
  }
}
