// The records of a dump of refs, as protobuf messages of lakeFS's: fields in the order of their
// numbers, zero values left out.
//
//   CommitData  1 id, 2 committer, 3 message, 4 creation_date {1 seconds, 2 nanos},
//               5 meta_range_id, 6 metadata map, 7 parents (each), 8 version, 9 generation
//   TagData     1 id, 2 commit_id
//   BranchData  1 id, 2 commit_id; 3 staging_token, 4 sealed_tokens, 5 hidden are not in a dump
//
// Source: docs/formats/refs-dump.md.
import { ByteReader } from '../committed/byte-reader.js';
import { ByteWriter } from '../committed/byte-writer.js';
import { skipField, textOf } from '../committed/entry-fields.js';
import { sliceOf, type Slice } from '../committed/slice.js';
import type { CommitId, CommitRecord, MetaRangeId, Metadata } from '../domain/model.js';
import { CorruptData } from '../ports/store-errors.js';
import { compareUtf8 } from '../shared/bytes.js';

/** A branch or a tag: a name, and the commit that it stands at. */
export interface NamedRef {
  readonly name: string;
  readonly commitId: CommitId;
}

const LATEST_SECONDS = 253_402_300_799;

export function encodeCommit(commit: CommitRecord): Uint8Array {
  const out = new ByteWriter(512);
  writeText(out, 1, commit.id);
  writeText(out, 2, commit.committer);
  writeText(out, 3, commit.message);
  writeTime(out, 4, commit.createdAtMs);
  writeText(out, 5, commit.metaRangeId);
  for (const [key, value] of sorted(commit.metadata)) writePair(out, 6, key, value);
  for (const parent of commit.parents) writeText(out, 7, parent);
  writeNumber(out, 8, commit.version);
  writeNumber(out, 9, commit.generation);
  return out.toBytes();
}

export function encodeRef({ name, commitId }: NamedRef): Uint8Array {
  const out = new ByteWriter(128);
  writeText(out, 1, name);
  writeText(out, 2, commitId);
  return out.toBytes();
}

/** @throws CorruptData  it is no such message, or its texts are no UTF-8 */
export function decodeCommit(data: Uint8Array): CommitRecord {
  const metadata = new Map<string, string>();
  const parents: CommitId[] = [];
  const texts = new Map<number, string>();
  const numbers = new Map<number, number>();
  let createdAtMs = 0;
  for (const { field, part, value } of fieldsOf(data)) {
    if (field === 4 && part) createdAtMs = readTime(part);
    else if (field === 6 && part) readPair(part, metadata);
    else if (field === 7 && part) parents.push(textOf(part) as CommitId);
    else if (part) texts.set(field, textOf(part));
    else numbers.set(field, value);
  }
  return {
    id: (texts.get(1) ?? '') as CommitId,
    committer: texts.get(2) ?? '',
    message: texts.get(3) ?? '',
    metaRangeId: (texts.get(5) ?? '') as MetaRangeId,
    createdAtMs,
    parents,
    metadata: sorted([...metadata]),
    generation: numbers.get(9) ?? 0,
    version: numbers.get(8) ?? 0,
  };
}

/** @throws CorruptData */
export function decodeRef(data: Uint8Array): NamedRef {
  let name = '';
  let commitId = '';
  for (const { field, part } of fieldsOf(data)) {
    if (field === 1 && part) name = textOf(part);
    else if (field === 2 && part) commitId = textOf(part);
  }
  return { name, commitId: commitId as CommitId };
}

function writeText(out: ByteWriter, field: number, text: string): void {
  if (text === '') return;
  out.byte(field * 8 + 2);
  out.sizedText(text);
}

function writeNumber(out: ByteWriter, field: number, value: number): void {
  if (value === 0) return;
  out.byte(field * 8);
  out.uvarint(value);
}

/** Present also when it is the epoch: a message within a message is. */
function writeTime(out: ByteWriter, field: number, atMs: number): void {
  const seconds = Math.floor(atMs / 1000);
  out.byte(field * 8 + 2);
  const start = out.length;
  writeNumber(out, 1, seconds);
  writeNumber(out, 2, Math.round((atMs - seconds * 1000) * 1_000_000));
  out.sizeFrom(start);
}

function writePair(out: ByteWriter, field: number, key: string, value: string): void {
  out.byte(field * 8 + 2);
  const start = out.length;
  // Both are there, also when empty: a map's entry is written so.
  out.byte(0x0a);
  out.sizedText(key);
  out.byte(0x12);
  out.sizedText(value);
  out.sizeFrom(start);
}

interface Field {
  readonly field: number;
  /** Present of a sized field. */
  readonly part: Slice | undefined;
  readonly value: number;
}

function* fieldsOf(data: Uint8Array | Slice): Generator<Field> {
  const all = data instanceof Uint8Array ? sliceOf(data) : data;
  const reader = new ByteReader().set(all.bytes, all.start, all.end);
  while (!reader.isAtEnd) {
    const tag = reader.uvarint();
    const field = Math.floor(tag / 8);
    if (tag % 8 === 2) {
      const part = reader.part(reader.uvarint(), { bytes: all.bytes, start: 0, end: 0 });
      yield { field, part, value: 0 };
    } else if (tag % 8 === 0) yield { field, part: undefined, value: reader.int64() };
    else skipField(reader, tag);
  }
}

function readTime(part: Slice): number {
  let seconds = 0;
  let nanos = 0;
  for (const { field, value } of fieldsOf(part)) {
    if (field === 1) seconds = value;
    else if (field === 2) nanos = value;
  }
  const isTime = Math.abs(seconds) <= LATEST_SECONDS && nanos >= 0 && nanos <= 999_999_999;
  if (!isTime) throw new CorruptData('a commit has a time out of bounds');
  return seconds * 1000 + Math.floor(nanos / 1_000_000);
}

function readPair(part: Slice, pairs: Map<string, string>): void {
  let key = '';
  let value = '';
  for (const { field, part: text } of fieldsOf(part)) {
    if (field === 1 && text) key = textOf(text);
    else if (field === 2 && text) value = textOf(text);
  }
  // As a protobuf map is read: of two values of one key the later holds.
  pairs.set(key, value);
}

const sorted = (metadata: Metadata): Metadata =>
  metadata.length > 1 ? metadata.toSorted(([a], [b]) => compareUtf8(a, b)) : metadata;
