import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { golden, goldenFile, goldenRecords, sha256 } from '../../../test/support/golden-records.js';
import { seed } from '../../../test/support/seed.js';
import { CorruptData } from '../../ports/store-errors.js';
import { compareBytes } from '../../shared/bytes.js';
import { givenProperties } from '../metarange-reader.js';
import { copyOf, sliceOf } from '../slice.js';
import { BlockCursor } from './block-cursor.js';
import { BlockWriter } from './block-writer.js';
import { crc32c, maskedCrc } from './checksum.js';
import { separatorOf, SET_TRAILER, successorOf } from './index-keys.js';
import { compress, uncompress } from './snappy.js';
import { openStoredBlock } from './stored-block.js';
import { readLayout, storedIn } from './table-layout.js';
import { TableWriter } from './table-writer.js';

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const goldenIds = golden.metaranges
  .filter(({ name }) => ['empty', 'one', 'three', '100', 'one_with_md'].includes(name))
  .flatMap(({ id, ranges }) => [id, ...(ranges ?? []).map((range) => range.id)]);

describe('a table', () => {
  it.each(goldenIds)('that lakeFS wrote is read, and written again as it was: %s', (id) => {
    const file = goldenFile(id);
    const tail = { fileBytes: file.length, bytes: file };
    const layout = readLayout(tail);
    const writer = new TableWriter(givenProperties(layout));
    const cursor = new BlockCursor('record');
    for (let block = 0; block < layout.index.blockCount; block++) {
      cursor.open(openStoredBlock(storedIn(tail, layout.index.handle(block))));
      while (cursor.next()) writer.add(cursor.key, cursor.value);
    }
    const built = writer.finish();
    expect(built.id).toBe(id);
    expect(Buffer.from(built.file).equals(file)).toBe(true);
  });

  it('of several index partitions is read as one of a single index', () => {
    const writer = new TableWriter([['type', 'ranges']]);
    for (const { key, value } of goldenRecords(6000)) writer.add(sliceOf(key), sliceOf(value));
    const { file, count } = writer.finish();
    const { index, properties } = readLayout({ fileBytes: file.length, bytes: file });
    expect(properties.get('rocksdb.block.based.table.index.type')).toEqual(
      Uint8Array.of(2, 0, 0, 0),
    );
    const cursor = new BlockCursor('record');
    let found = 0;
    for (const { key, value } of goldenRecords(6000)) {
      const block = index.find(sliceOf(key));
      const tail = { fileBytes: file.length, bytes: file };
      cursor.open(openStoredBlock(storedIn(tail, index.handle(block))));
      expect(cursor.seek(sliceOf(key))).toBe(true);
      if (compareBytes(copyOf(cursor.value), value) === 0) found++;
    }
    expect(found).toBe(count);
  });
});

const ascending = String.fromCharCode(...Array.from({ length: 32 }, (_, byte) => byte));

/** CRC-32C as it is defined: the reflected polynomial, a bit at a time. */
function crcByBits(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

describe(`a checksum (SEED=${seed})`, () => {
  it.each([
    ['', 0],
    ['123456789', 0xe3069283],
    ['\0'.repeat(32), 0x8a9136aa],
    ['\xff'.repeat(32), 0x62a8ab43],
    [ascending, 0x46dd794e],
    [[...ascending].toReversed().join(''), 0x113fdb5c],
  ])('is the CRC-32C that RFC 3720 gives: %j', (text, crc) => {
    expect(crc32c(Buffer.from(text, 'latin1'))).toBe(crc);
  });

  it('is what a step for each bit gives, of any part of a buffer', () => {
    const parts = fc.tuple(
      fc.uint8Array({ minLength: 60, maxLength: 100 }),
      fc.nat(20),
      fc.integer({ min: 20, max: 60 }),
    );
    fc.assert(
      fc.property(parts, ([bytes, start, end]) => {
        expect(crc32c(bytes, start, end)).toBe(crcByBits(bytes.subarray(start, end)));
      }),
      { seed, numRuns: 500 },
    );
  });

  it('is stored rotated, so that it does not check itself', () => {
    expect(maskedCrc(0)).toBe(0xa282ead8);
    expect(maskedCrc(0x0001_8000)).toBe((0x0000_0003 + 0xa282ead8) >>> 0);
  });
});

describe(`compression (SEED=${seed})`, () => {
  // Equal ids depend on the very bytes, and those on the version of the package.
  it('gives the bytes that it gave when the golden files were met', () => {
    const texts = Array.from({ length: 300 }, (_, n) => `entry ${n} of ${n % 7}, ${n * 37}; `);
    const long = Buffer.from(texts.join('').repeat(20));
    expect(long.length).toBeGreaterThan(65_536);
    expect(sha256(compress(long))).toBe(
      '7f4a12f8b17325d07b9b137942a6714f8c685140e7f0101bca61bae070a04b9e',
    );
  });

  it('gives back what went in', () =>
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'bc', 'def', '0000000')), (parts) => {
        const bytes = Buffer.from(parts.join(''));
        expect(uncompress(compress(bytes)).equals(bytes)).toBe(true);
      }),
      { seed },
    ));

  it.each([
    ['a length of four gigabytes', 'ffffffff0f0061'],
    ['a length that the bytes cannot give', '80010061'],
    ['no length', 'ffffffffff01'],
    ['nothing', ''],
    ['a copy from before the beginning', '040e0100'],
  ])('refuses %s before it takes memory for it', (_, bytes) => {
    expect(() => uncompress(Buffer.from(bytes, 'hex'))).toThrow(CorruptData);
  });
});

describe(`keys of an index (SEED=${seed})`, () => {
  const key = fc.uint8Array({ maxLength: 6, max: 255 });

  it('lie at or after the last key of a block and before the next', () =>
    fc.assert(
      fc.property(key, key, (one, other) => {
        const [last, next] = compareBytes(one, other) < 0 ? [one, other] : [other, one];
        fc.pre(compareBytes(last, next) !== 0);
        const { userKey } = separatorOf(last, next);
        expect(compareBytes(last, userKey)).toBeLessThanOrEqual(0);
        expect(compareBytes(userKey, next)).toBeLessThan(0);
        expect(userKey.length).toBeLessThanOrEqual(last.length);
        expect(compareBytes(last, successorOf(last).userKey)).toBeLessThanOrEqual(0);
      }),
      { seed, numRuns: 1000 },
    ));

  it.each([
    ['abc', 'abz', 'abd'],
    ['abc', 'abd', 'abc'],
    ['abca', 'abd', 'abcb'],
    ['ab', 'abc', 'ab'],
    ['a\xff\xff', 'b', 'a\xff\xff'],
    ['abc1', 'acd', 'ac'],
    ['abc1', 'ac', 'abd'],
  ])('are as short as can be: between %j and %j', (last, next, wanted) => {
    const { userKey } = separatorOf(latin1(last), latin1(next));
    expect(Buffer.from(userKey).toString('latin1')).toBe(wanted);
  });
});

describe(`a block (SEED=${seed})`, () => {
  const sortedKeys = fc
    .uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', '\x01', '\0'), maxLength: 12 }), {
      minLength: 1,
      maxLength: 80,
    })
    .map((keys) => keys.sort());

  it('finds the first key at or after any other', () =>
    fc.assert(
      fc.property(
        sortedKeys,
        fc.string({ unit: fc.constantFrom('a', 'b', 'c') }),
        (keys, target) => {
          const block = new BlockWriter(16);
          const trailer = Buffer.from('0100000000000000', 'hex');
          for (const text of keys) {
            block.add(
              sliceOf(Buffer.from(text)),
              trailer,
              sliceOf(Buffer.from(`value of ${text}`)),
            );
          }
          const cursor = new BlockCursor('record').open(Buffer.from(block.finish()));
          const wanted = keys.find((text) => text >= target);
          expect(cursor.seek(sliceOf(Buffer.from(target)))).toBe(wanted !== undefined);
          if (wanted === undefined) return;
          expect(Buffer.from(copyOf(cursor.key)).toString()).toBe(wanted);
          expect(Buffer.from(copyOf(cursor.value)).toString()).toBe(`value of ${wanted}`);
        },
      ),
      { seed, numRuns: 300 },
    ));

  // Golden files have entries of much the same size, so they tell little about this.
  it.each([
    ['an entry', 1, 0],
    ['a restart', 16, 4],
  ])('ends before %s with which it would be over 4,096 bytes', (_, count, restartBytes) => {
    const block = new BlockWriter(16);
    const add = (key: string, valueLength: number) =>
      block.add(sliceOf(Buffer.from(key)), SET_TRAILER, sliceOf(Buffer.alloc(valueLength)));
    for (let n = 1; n < count; n++) add(String.fromCharCode(96 + n), 0);
    add('z', 3687 - block.estimatedBytes - (count === 1 ? 17 : 13));
    expect(block.count).toBe(count);
    expect(block.estimatedBytes).toBe(3687);
    expect(block.closesBefore(9, 100_000)).toBe(false);

    block.reset();
    for (let n = 1; n < count; n++) add(String.fromCharCode(96 + n), 0);
    add('z', 3800 - block.estimatedBytes - (count === 1 ? 17 : 13));
    expect(block.estimatedBytes).toBe(3800);
    // Key, 4 for what is shared, 1 and 2 for the lengths of key and value.
    const most = 4096 - 3800 - 9 - 4 - 1 - 2 - restartBytes;
    expect(block.closesBefore(9, most)).toBe(false);
    expect(block.closesBefore(9, most + 1)).toBe(true);

    add('zz', 400);
    expect(block.estimatedBytes).toBeGreaterThanOrEqual(4096);
    expect(block.closesBefore(9, 0)).toBe(true);
  });
});
