import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { seed } from '../../test/support/seed.js';
import type { ObjectEntry } from '../domain/model.js';
import { compareUtf8, utf8 } from '../shared/bytes.js';
import { packRows } from '../shared/packed-rows.js';
import { ByteWriter } from './byte-writer.js';
import { identityOf, writeEntry } from './entry-codec.js';
import { PlainEntryReader } from './plain-entry.js';
import { copyOf } from './slice.js';
import { StagedRowReader } from './staged-rows.js';

const texts = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => text.isWellFormed()),
  fc.constantFrom('', 'data/a/b', 'ä', '"', '\\', 'a"b', '\n', '\u2028', '\u{1f600}'),
);

const entries: fc.Arbitrary<ObjectEntry> = fc.record({
  address: texts,
  addressType: fc.constantFrom('relative' as const, 'full' as const),
  checksum: texts,
  sizeBytes: fc.oneof(fc.nat(), fc.maxSafeNat()),
  modifiedAtMs: fc.oneof(
    fc.integer({ min: -1e12, max: 253e12 }),
    fc.constantFrom(0, 999, 1000, 1_700_000_000_123, 1_700_000_000_000.25),
  ),
  contentType: texts,
  metadata: fc
    .dictionary(fc.string({ maxLength: 5 }), texts, { maxKeys: 2 })
    .map((map) => Object.entries(map).sort(([left], [right]) => compareUtf8(left, right))),
});

/** What a range holds of entries, read from rows; keys and tombstones as they come. */
function readRows(values: readonly string[]) {
  const found: { key: string; identity?: Uint8Array; data?: Uint8Array }[] = [];
  const rows = values.map((value, at) => ({ key: utf8(`k${at}`), value: utf8(value) }));
  new StagedRowReader().forEach(packRows(rows), (key, entry) => {
    const text = Buffer.from(copyOf(key)).toString();
    if (!entry) return void found.push({ key: text });
    const identity = Buffer.from(copyOf(entry.identity));
    found.push({ key: text, identity, data: copyOf(entry.data) });
  });
  return found;
}

function wanted(entry: ObjectEntry, at: number) {
  const out = new ByteWriter();
  writeEntry(out, entry);
  const identity = Buffer.from(identityOf(entry));
  return { key: `k${at}`, identity, data: out.toBytes() };
}

function isPlain(text: string): boolean {
  const bytes = Buffer.from(text);
  return new PlainEntryReader().read(bytes, 0, bytes.length);
}

const plain: ObjectEntry = {
  address: 'data/gq/gr',
  addressType: 'relative',
  checksum: 'c0ffee',
  sizeBytes: 12,
  modifiedAtMs: 1_700_000_000_123,
  contentType: 'text/plain',
  metadata: [],
};

describe(`entries read from rows of a view (SEED=${seed})`, () => {
  it('are to the byte what they are by way of an object', () =>
    fc.assert(
      fc.property(fc.array(entries, { maxLength: 8 }), (some) => {
        expect(readRows(some.map((entry) => JSON.stringify(entry)))).toEqual(some.map(wanted));
      }),
      { seed, numRuns: 200 },
    ));

  it('may have their fields in any order', () =>
    fc.assert(
      fc.property(
        entries,
        fc.shuffledSubarray(Object.keys(plain), { minLength: 7 }),
        (entry, order) => {
          const fields = order.map((name) => [name, entry[name as keyof ObjectEntry]]);
          const text = JSON.stringify(Object.fromEntries(fields));
          expect(readRows([text])).toEqual([wanted(entry, 0)]);
        },
      ),
      { seed },
    ));

  it('stand between tombstones', () => {
    const text = JSON.stringify(plain);
    expect(readRows(['null', text, 'null'])).toEqual([
      { key: 'k0' },
      wanted(plain, 1),
      { key: 'k2' },
    ]);
  });

  it('are read in place where there is nothing to unfold, and only there', () => {
    expect(isPlain(JSON.stringify(plain))).toBe(true);
    expect(isPlain(JSON.stringify({ ...plain, address: 'ä', addressType: 'full' }))).toBe(true);
    for (const other of [
      { ...plain, address: 'a"b' },
      { ...plain, metadata: [['a', 'b']] },
      { ...plain, sizeBytes: 1.5 },
      { ...plain, sizeBytes: 1e21 },
      { ...plain, modifiedAtMs: -1 },
      { ...plain, addressType: 'other' },
      { ...plain, more: 1 },
      { ...plain, checksum: undefined },
    ]) {
      expect([other, isPlain(JSON.stringify(other))]).toEqual([other, false]);
    }
    const text = JSON.stringify(plain);
    expect(isPlain(`${text} `)).toBe(false);
    expect(isPlain(text.replace('{', '{"sizeBytes":1,'))).toBe(false);
    for (let length = 0; length < text.length; length++) {
      expect(isPlain(text.slice(0, length))).toBe(false);
    }
  });
});
