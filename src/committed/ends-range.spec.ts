import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { seed } from '../../test/support/seed.js';
import { endsRange, isRagged } from './ends-range.js';
import { sliceOf } from './slice.js';

/** FNV-1a as its page tells it. */
function fnv1a64(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

const ragged = Buffer.from('path/to/obj-00046094');
const plain = Buffer.from('path/to/obj-00046093');
const parameters = { rangeBytesMin: 100, rangeBytesMax: 1000, raggednessEntries: 50_000 };

describe(`where a range ends (SEED=${seed})`, () => {
  it('depends on the 64-bit FNV-1a hash of a key alone', () =>
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 2 ** 31 - 1 })),
        (key, entries) => {
          expect(isRagged(sliceOf(key), entries)).toBe(fnv1a64(key) % BigInt(entries) === 0n);
        },
      ),
      { seed, numRuns: 500 },
    ));

  it('is after a ragged key, once the range has its least size', () => {
    expect(endsRange(sliceOf(ragged), 100, parameters)).toBe(true);
    expect(endsRange(sliceOf(ragged), 99, parameters)).toBe(false);
    expect(endsRange(sliceOf(plain), 100, parameters)).toBe(false);
  });

  it('is after any key, once the range has its largest size', () => {
    expect(endsRange(sliceOf(plain), 999, parameters)).toBe(false);
    expect(endsRange(sliceOf(plain), 1000, parameters)).toBe(true);
  });
});
