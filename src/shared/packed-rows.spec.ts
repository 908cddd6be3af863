import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { seed } from '../../test/support/seed.js';
import { InvariantError } from './assert.js';
import { utf8 } from './bytes.js';
import { PackedRows, packRows, type PlainRow } from './packed-rows.js';

const row = (key: string, value: string): PlainRow => ({ key: utf8(key), value: utf8(value) });

function unpacked(packed: Buffer): [key: string, value: string][] {
  const rows = new PackedRows(packed);
  const found: [string, string][] = [];
  while (rows.next()) found.push([rows.keyText(), rows.valueText()]);
  return found;
}

const keys = fc
  .string({ unit: 'binary', maxLength: 60 })
  .filter((text) => text.isWellFormed() && utf8(text).length <= 1024);

describe(`rows packed as one piece (SEED=${seed})`, () => {
  it('are the rows again, whatever their keys and values hold', () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(keys, fc.json())), (pairs) => {
        const packed = packRows(pairs.map(([key, value]) => row(key, value)));
        expect(unpacked(packed)).toEqual(pairs);
      }),
      { seed },
    ));

  it('have keys of every length there is', () => {
    const pairs = Array.from({ length: 1025 }, (_, length) => ['k'.repeat(length), `${length}`]);
    const packed = packRows(pairs.map(([key = '', value = '']) => row(key, value)));
    expect(unpacked(packed)).toEqual(pairs);
    const rows = new PackedRows(packed);
    let [count, end] = [0, 0];
    for (; rows.next(); count++) {
      expect(rows.rowStart).toBe(end);
      end = rows.rowEnd;
      expect(rows.key()).toEqual(utf8(pairs[count]?.[0] ?? ''));
    }
    expect([count, end]).toEqual([1025, packed.length]);
  });

  it('have values of every length there is', () => {
    const lengths = [0, 1, 126, 127, 128, 2046, 2047, 65_535, 65_536, 70_000, 2 ** 20, 2 ** 21 - 1];
    const pairs = lengths.map((length) => [`${length}`, 'v'.repeat(length)] as const);
    const packed = packRows(pairs.map(([key, value]) => row(key, value)));
    expect(unpacked(packed)).toEqual(pairs);
  });

  it('are none of what does not fit', () => {
    for (const [key, value] of [
      ['k'.repeat(2 ** 11), '1'],
      ['a', '1'.repeat(2 ** 21)],
    ] as const) {
      expect(() => packRows([row(key, value)])).toThrow(InvariantError);
    }
  });

  it('are an error when they are cut off', () => {
    const packed = packRows([row('key', '"value"')]);
    for (let length = 1; length < packed.length; length++) {
      expect(() => unpacked(packed.subarray(0, length))).toThrow(InvariantError);
    }
  });
});
