import { compareBytes, utf8 } from '../../shared/bytes.js';
import { ByteWriter } from '../byte-writer.js';
import type { WrittenIndex } from './index-writer.js';

export const PROPERTIES_KEY = 'rocksdb.properties';

/** What a table says of itself. */
export interface TableFacts {
  /** What the caller gave it, `type` among it. */
  readonly given: readonly (readonly [key: string, value: string])[];
  readonly minKey: Uint8Array;
  readonly maxKey: Uint8Array;
  readonly entryCount: number;
  readonly estimatedBytes: number;
  readonly dataBytes: number;
  readonly dataBlockCount: number;
  /** Of keys with their trailers. */
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly index: WrittenIndex;
}

/** Added when a table is closed, so its id does not have them. */
export const LATE_PROPERTIES: ReadonlySet<string> = new Set([
  'count',
  'estimated_size_bytes',
  'max_key',
  'min_key',
]);

type Property = readonly [name: string, value: Uint8Array];

const none = new Uint8Array();

const constants: readonly Property[] = [
  ['block.based.table.prefix.filtering', utf8('0')],
  ['block.based.table.whole.key.filtering', utf8('0')],
  ['column.family.id', uvarint(2_147_483_647)],
  ['comparator', utf8('leveldb.BytewiseComparator')],
  ['compression', utf8('Snappy')],
  [
    'compression_options',
    utf8(
      'window_bits=-14; level=32767; strategy=0; ' +
        'max_dict_bytes=0; zstd_max_train_bytes=0; enabled=0; ',
    ),
  ],
  ['creation.time', uvarint(0)],
  ['deleted.keys', uvarint(0)],
  ['external_sst_file.global_seqno', new Uint8Array(8)],
  ['external_sst_file.version', u32(2)],
  ['filter.size', uvarint(0)],
  ['fixed.key.length', uvarint(0)],
  ['format.version', uvarint(0)],
  ['index.key.is.user.key', uvarint(0)],
  ['index.value.is.delta.encoded', uvarint(0)],
  ['merge.operands', uvarint(0)],
  ['merge.operator', utf8('pebble.concatenate')],
  ['num.range-deletions', uvarint(0)],
  ['oldest.key.time', uvarint(0)],
  ['prefix.extractor.name', utf8('nullptr')],
  ['property.collectors', utf8('[static]')],
].map(([name, value]): Property => [`rocksdb.${String(name)}`, value as Uint8Array]);

const scratch = new ByteWriter(2 * 1024);

/**
 * Returns the payload of a table's properties block: all in one order, ascending as bytes. Valid
 * until the next call.
 */
export function propertiesBlock(facts: TableFacts): Uint8Array {
  const own = factsOf(facts);
  const { parts, end } = formOf(own.map(([name]) => name));
  scratch.reset();
  for (const { before, suffix, at } of parts) {
    const value = own[at]?.[1] ?? none;
    scratch.bytes(before);
    scratch.uvarint(value.length);
    scratch.bytes(suffix);
    scratch.bytes(value);
  }
  scratch.bytes(end);
  return scratch.view();
}

function factsOf(facts: TableFacts): Property[] {
  const { partitions, indexBytes } = facts.index;
  const own: Property[] = [
    ['count', Buffer.from(String(facts.entryCount))],
    ['estimated_size_bytes', Buffer.from(String(facts.estimatedBytes))],
    ['max_key', facts.maxKey],
    ['min_key', facts.minKey],
    ['rocksdb.block.based.table.index.type', u32(partitions ? 2 : 0)],
    ['rocksdb.data.size', uvarint(facts.dataBytes)],
    ['rocksdb.index.size', uvarint(indexBytes)],
    ['rocksdb.num.data.blocks', uvarint(facts.dataBlockCount)],
    ['rocksdb.num.entries', uvarint(facts.entryCount)],
    ['rocksdb.raw.key.size', uvarint(facts.keyBytes)],
    ['rocksdb.raw.value.size', uvarint(facts.valueBytes)],
  ];
  if (partitions) {
    own.push(['rocksdb.index.partitions', uvarint(partitions.count)]);
    own.push(['rocksdb.top-level.index.size', uvarint(partitions.topBytes)]);
  }
  for (const [name, value] of facts.given) own.push([name, Buffer.from(value)]);
  return own;
}

/** A property that a table has of its own, and what stands before it in any such table. */
interface Part {
  /** Up to the length of its value. */
  readonly before: Uint8Array;
  /** The rest of its name. */
  readonly suffix: Uint8Array;
  /** Its place among the table's own. */
  readonly at: number;
}

interface Form {
  readonly parts: readonly Part[];
  readonly end: Uint8Array;
}

// Tables have one of a few sets of names; to write forty properties is much of a small commit's
// cost, and most of them are the same in all.
const FORMS_MAX = 16;
const forms = new Map<string, Form>();

function formOf(names: readonly string[]): Form {
  const set = names.join('\0');
  const known = forms.get(set);
  if (known) return known;
  const form = newForm(names);
  if (forms.size >= FORMS_MAX) forms.clear();
  forms.set(set, form);
  return form;
}

function newForm(names: readonly string[]): Form {
  const values = new Map<string, Uint8Array | number>(constants);
  for (const [at, name] of names.entries()) values.set(name, at);
  const sorted = [...values]
    .map(([name, value]) => ({ key: utf8(name), value }))
    .toSorted((a, b) => compareBytes(a.key, b.key));
  const out = new ByteWriter(2 * 1024);
  const parts: Part[] = [];
  let last: Uint8Array = none;
  for (const { key, value } of sorted) {
    const shared = sharedLength(last, key);
    const suffix = key.subarray(shared);
    last = key;
    out.uvarint(shared);
    out.uvarint(suffix.length);
    if (typeof value === 'number') {
      parts.push({ before: out.toBytes(), suffix, at: value });
      out.reset();
    } else {
      out.uvarint(value.length);
      out.bytes(suffix);
      out.bytes(value);
    }
  }
  // One restart, where the block begins.
  out.u32(0);
  out.u32(1);
  return { parts, end: out.toBytes() };
}

function sharedLength(left: Uint8Array, right: Uint8Array): number {
  let at = 0;
  while (at < left.length && at < right.length && left[at] === right[at]) at++;
  return at;
}

function uvarint(value: number): Uint8Array {
  const out = new ByteWriter(10);
  out.uvarint(value);
  return out.toBytes();
}

function u32(value: number): Uint8Array {
  const out = new ByteWriter(4);
  out.u32(value);
  return out.toBytes();
}
