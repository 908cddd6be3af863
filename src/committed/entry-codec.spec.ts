import { describe, expect, it } from '@jest/globals';
import { golden, type GoldenEntry } from '../../test/support/golden-records.js';
import type { ObjectEntry } from '../domain/model.js';
import { CorruptData } from '../ports/store-errors.js';
import { DIGEST_BYTES } from '../shared/content-hash.js';
import { ByteWriter } from './byte-writer.js';
import { decodeEntry, identityOf, writeEntry, writeIdentityOfData } from './entry-codec.js';
import { sliceOf, type Slice } from './slice.js';
import { emptyParts, readValue, writeValue } from './value-codec.js';

const octets = 'application/octet-stream';
const small: ObjectEntry = {
  address: 'a',
  addressType: 'relative',
  checksum: '',
  sizeBytes: 0,
  modifiedAtMs: 0,
  contentType: octets,
  metadata: [],
};
const withMetadata: ObjectEntry = {
  ...small,
  address: 'data/x/y',
  checksum: 'e',
  sizeBytes: 5,
  modifiedAtMs: 1000,
};

// The golden entries as this program has them; nanoseconds below the millisecond apart.
const entries: { readonly [name: string]: { entry: ObjectEntry; nanos?: number } } = {
  simple_relative: {
    entry: {
      address: 'data/gp0n1l7d77pn0cke6jjg/cg6p50nd77pn0cke6jk0',
      addressType: 'relative',
      checksum: 'd41d8cd98f00b204e9800998ecf8427e',
      sizeBytes: 12,
      modifiedAtMs: 1_678_900_000_123,
      contentType: 'text/plain',
      metadata: [],
    },
    nanos: 456_789,
  },
  import_full_no_content_type: {
    entry: {
      address: 's3://bucket/a/b.parquet',
      addressType: 'full',
      checksum: '"abc-3"',
      sizeBytes: 0,
      modifiedAtMs: 1_678_900_000_000,
      contentType: '',
      metadata: [],
    },
  },
  one_meta: { entry: { ...withMetadata, metadata: [['k', 'v']] } },
  one_meta_empty_value: { entry: { ...withMetadata, metadata: [['k', '']] } },
  zero_time_zero_size: { entry: small },
  negative_secs: { entry: { ...small, modifiedAtMs: -62_135_596_800_000 } },
};

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const oldAddressType = (address: string) => {
  const out = new ByteWriter();
  out.byte(0x0a);
  out.sizedText(address);
  return decodeEntry(sliceOf(out.toBytes())).addressType;
};
const encoded = (entry: ObjectEntry, nanos = 0) => {
  const out = new ByteWriter();
  writeEntry(out, entry, nanos);
  return out.toBytes();
};

function identityOfData(data: Slice): Uint8Array {
  const out = Buffer.alloc(DIGEST_BYTES + 2);
  writeIdentityOfData(data, out, 1);
  return out.subarray(1, -1);
}

describe('an entry', () => {
  it.each(golden.entries)('has the identity, data and value that lakeFS gives it: $name', (to) => {
    const { entry, nanos } = sampleOf(to);
    const data = encoded(entry, nanos);
    const value = new ByteWriter();
    writeValue(value, identityOf(entry), sliceOf(data));

    expect({
      name: to.name,
      identity: hex(identityOf(entry)),
      data: hex(data),
      value: hex(value.view()),
    }).toEqual(to);
  });

  it.each(golden.entries)('is read from what lakeFS wrote: $name', (from) => {
    const { identity, data } = readValue(sliceOf(Buffer.from(from.value, 'hex')), emptyParts());

    expect(decodeEntry(data)).toEqual(sampleOf(from).entry);
    expect(hex(identity.bytes.subarray(identity.start, identity.end))).toBe(from.identity);
    expect(hex(identityOfData(data))).toBe(from.identity);
  });

  it('has one encoding, in whatever order its metadata comes', () => {
    const metadata = [
      ['b', '1'],
      ['\u{10000}', '2'],
      ['\uffff', '3'],
    ] as const;
    const one = encoded({ ...small, metadata });
    const other = encoded({ ...small, metadata: metadata.toReversed() });

    expect(hex(one)).toBe(hex(other));
    // UTF-16 would have put the surrogates of U+10000 before U+FFFF.
    expect(decodeEntry(sliceOf(one)).metadata.map(([key]) => key)).toEqual([
      'b',
      '\uffff',
      '\u{10000}',
    ]);
    expect(hex(identityOfData(sliceOf(other)))).toBe(hex(identityOf({ ...small, metadata })));
  });

  it('keeps any metadata key, those of every object too', () => {
    const metadata = [
      ['__proto__', 'x'],
      ['toString', 'y'],
    ] as const;
    expect(decodeEntry(sliceOf(encoded({ ...small, metadata }))).metadata).toEqual(metadata);
  });

  it('of an old commit is full when its address has a known scheme', () => {
    expect([oldAddressType('s3://b/k'), oldAddressType('abc/s3://b')]).toEqual([
      'full',
      'relative',
    ]);
  });

  it.each([
    ['cut off in the middle', '0a2e6461'],
    ['a text that is no UTF-8', '0a02c328'],
    ['a length beyond the end', '0affffffffffffffff7f'],
    ['an unknown address type', '3009'],
    ['a negative size', '18ffffffffffffffffff01'],
    ['seconds beyond the year 9999', '120708ffffffffff7f'],
  ])('is refused as corrupt: %s', (_, bytes) => {
    expect(() => decodeEntry(sliceOf(Buffer.from(bytes, 'hex')))).toThrow(CorruptData);
  });
});

function sampleOf({ name }: GoldenEntry) {
  const sample = entries[name];
  if (!sample) throw new Error(`no sample of ${name}`);
  return sample;
}
